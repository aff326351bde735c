# L1 + 0.001 x the contextual loss of the features that D2SM reads.
_base_ = './ffdnet_camvid_l1.py'
model = dict(
    losses=dict(
        contextual=dict(
            type='RestorationContextualLoss',
            feature_extractor=_base_.features,
            loss_weight=0.001,
        )
    )
)
