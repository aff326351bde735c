# L1 + D2SM on 3x3 patches of 48 pixels of each crop, with queues of 256.
_base_ = './ffdnet_camvid_l1.py'
model = dict(
    losses=dict(
        d2sm=dict(type='D2SMLoss', feature_extractor=_base_.features, patches=3, patch_size=48)
    )
)
