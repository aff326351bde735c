# GoogLeNet from torchvision's weights, with its auxiliary classifiers; label smoothing 0.1.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
    ),
    backbone=dict(
        type='GoogLeNet',
        num_classes=257,
        transform_input=True,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://googlenet'),
    ),
    head=dict(
        type='AuxiliaryClsHead',
        head=dict(
            type='LinearClsHead',
            num_classes=257,
            in_channels=1024,
            loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
        ),
    ),
)
