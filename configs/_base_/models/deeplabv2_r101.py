# DeepLab v2 on ResNet-101 (ASPP, stride 8): Chen et al., TPAMI 2018. 44.0 M parameters.
# One image scale, no CRF; the ResNet has the published 7x7 stem and keeps its BN statistics.
# Start from ImageNet weights with
#   model = dict(backbone=dict(init_cfg=dict(
#       type='Pretrained', checkpoint='torchvision://resnet101')))
# Published learning rates: 2.5e-4, ten times that in the head:
#   optim_wrapper = dict(paramwise_cfg=dict(custom_keys={
#       'conv_seg': dict(lr_mult=10.)}))
# Crops of 8k + 1 px (published: 321) register exactly with align_corners=True.
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
        type='ResNet',
        depth=101,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        strides=(1, 2, 1, 1),
        dilations=(1, 1, 2, 4),
        norm_cfg=norm_cfg,
        norm_eval=True,
        style='pytorch',
    ),
    decode_head=dict(
        type='DeepLabV2Head',
        in_channels=2048,
        in_index=3,
        dilations=(6, 12, 18, 24),
        num_classes=21,
        align_corners=True,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# The layers that DGN matches: stages 3 and 4, the output of every residual unit.
dgn_taps = dict(layer3=['backbone.layer3.*'], layer4=['backbone.layer4.*'])
