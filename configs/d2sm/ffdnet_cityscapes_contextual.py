# L1 + contextual loss of conv4_2 of VGG19.
_base_ = './ffdnet_cityscapes_l1.py'
model = dict(
    losses=dict(
        contextual=dict(
            type='RestorationContextualLoss',
            feature_extractor=dict(_base_.features, layers='conv4_2'),
        )
    )
)
