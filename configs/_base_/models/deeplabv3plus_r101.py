# DeepLab v3+ on ResNet-101 (stride 8): Chen et al., ECCV 2018. 62.6 M parameters.
# Layers, names and loss weights are those of MMSegmentation's deeplabv3plus_r101-d8: its public
# checkpoints load as they are. ResNet-50: model.backbone.depth=50.
# Start from ImageNet weights with
#   model = dict(backbone=dict(init_cfg=dict(
#       type='Pretrained', checkpoint='open-mmlab://resnet101_v1c')))
# Published learning rate: 7e-3, poly 0.9, batch 16; MMSegmentation trains with 1e-2.
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='DegradeDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
    ),
    backbone=dict(
        type='ResNetV1c',
        depth=101,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        dilations=(1, 1, 2, 4),
        strides=(1, 2, 1, 1),
        norm_cfg=norm_cfg,
        norm_eval=False,
        style='pytorch',
        contract_dilation=True,
    ),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead',
        in_channels=2048,
        in_index=3,
        channels=512,
        dilations=(1, 12, 24, 36),
        c1_in_channels=256,
        c1_channels=48,
        dropout_ratio=0.1,
        num_classes=21,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
    ),
    auxiliary_head=dict(
        type='FCNHead',
        in_channels=1024,
        in_index=2,
        channels=256,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0.1,
        num_classes=21,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=0.4),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# The layers that DGN matches: stages 3 and 4, the output of every residual unit.
dgn_taps = dict(layer3=['backbone.layer3.*'], layer4=['backbone.layer4.*'])
