# HRNetV2-W18-Small-v2 on clean images, from ImageNet weights: what every S starts from.
_base_ = './hrnet18s_outdoorseg_awgn50_s1.py'
degradation = dict(_delete_=True, kind='clean')
load_from = None
model = dict(
    backbone=dict(
        init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://msra/hrnetv2_w18_small')
    )
)
