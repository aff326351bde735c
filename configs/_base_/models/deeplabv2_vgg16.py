# DeepLab v2 on VGG16 (DeepLab-ASPP, stride 8): Chen et al., TPAMI 2018. 37.9 M parameters.
# One image scale, no CRF. LargeFOV (20.5 M) instead of ASPP:
#   model = dict(backbone=dict(dilations=(12,)), decode_head=dict(
#       in_channels=(1024,), in_index=(0,), dilations=(12,)))
# Start from ImageNet weights (fc6 and fc7 thinned out to 1024) with
#   model = dict(backbone=dict(init_cfg=dict(
#       type='Pretrained', checkpoint='torchvision://vgg16')))
# Published learning rates: 1e-3, ten times that in the head:
#   optim_wrapper = dict(paramwise_cfg=dict(custom_keys={
#       'conv_seg': dict(lr_mult=10.)}))
# Crops of 8k + 1 px (published: 321) register exactly with align_corners=True.
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
    backbone=dict(type='VGG16DeepLab', dilations=(6, 12, 18, 24), dropout_ratio=0.5),
    decode_head=dict(
        type='DeepLabV2Head',
        in_channels=(1024, 1024, 1024, 1024),
        in_index=(0, 1, 2, 3),
        dilations=(6, 12, 18, 24),
        kernel_size=1,
        num_classes=21,
        align_corners=True,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# The layers that DGN-B4 matches, after the ReLU or before it (the literal reading of the paper).
# Block 6 is fc6 and fc7 of all four branches: one width, one size.
dgn_taps = dict(
    relu=dict(
        b4=['backbone.relu4_*'],
        b5=['backbone.relu5_*'],
        b6=['backbone.relu6_*', 'backbone.relu7_*'],
    ),
    conv=dict(
        b4=['backbone.conv4_*'],
        b5=['backbone.conv5_*'],
        b6=['backbone.fc6_*', 'backbone.fc7_*'],
    ),
)
