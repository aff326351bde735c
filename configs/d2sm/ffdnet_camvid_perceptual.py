# L1 + 0.05 x the squared error of the features that D2SM reads.
_base_ = './ffdnet_camvid_l1.py'
model = dict(
    losses=dict(
        perceptual=dict(
            type='RestorationPerceptualLoss',
            feature_extractor=_base_.features,
            loss_weight=0.05,
        )
    )
)
