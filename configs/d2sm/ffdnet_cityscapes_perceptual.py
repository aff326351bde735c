# L1 + absolute error of conv3_2 of VGG19, normalised as the authors do for this loss.
_base_ = './ffdnet_cityscapes_l1.py'
model = dict(
    losses=dict(
        perceptual=dict(
            type='RestorationPerceptualLoss',
            norm='l1',
            feature_extractor=dict(
                type='VGGFeatures',
                layers='conv3_2',
                mean=(0.485, 0.456, 0.406),
                std=(0.229, 0.224, 0.225),
            ),
        )
    )
)
