# RefineNet on ResNet-101 (4-cascaded): Lin et al., CVPR 2017. 109.8 M parameters.
# Four pooling blocks in a chain, as in some released models (118.1 M):
#   model = dict(decode_head=dict(crp_blocks=4))
# Start from ImageNet weights with
#   model = dict(backbone=dict(init_cfg=dict(
#       type='Pretrained', checkpoint='torchvision://resnet101')))
# Published learning rate: 5e-4, later 5e-5; batch 1, BN statistics kept.
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
        norm_cfg=norm_cfg,
        norm_eval=True,
        style='pytorch',
    ),
    decode_head=dict(
        type='RefineNetHead',
        in_channels=(256, 512, 1024, 2048),
        in_index=(0, 1, 2, 3),
        channels=256,
        top_channels=512,
        crp_blocks=2,
        dropout_ratio=0.5,
        num_classes=21,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# The layers that DGN matches: stages 3 and 4 of the ResNet, the output of every residual unit.
dgn_taps = dict(layer3=['backbone.layer3.*'], layer4=['backbone.layer4.*'])
