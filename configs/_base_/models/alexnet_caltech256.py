# AlexNet in torchvision's form, whose adaptive pooling makes 9,216 features; label smoothing 0.1.
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
    ),
    backbone=dict(type='AlexNet'),
    neck=dict(type='AdaptivePoolFlatten', size=6),
    head=dict(
        type='StackedLinearClsHead',
        num_classes=257,
        in_channels=9216,
        mid_channels=[4096, 4096],
        dropout_rate=0.5,
        act_cfg=dict(type='ReLU'),
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
    ),
)
