# DLA-60 with its up-sampling tree: Yu et al., "Deep Layer Aggregation", CVPR 2018.
# 30.0 M parameters with 11 classes.
# Start from the authors' ImageNet weights (an address or a file; timm has the same ones) with
#   model = dict(backbone=dict(init_cfg=dict(type='Pretrained',
#       checkpoint='http://dl.yf.io/dla/models/imagenet/dla60-24839fc4.pth')))
# Published learning rate: 1e-2, batch 16, poly 0.9 (CamVid: by steps).
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
    backbone=dict(type='DLA', depth=60, out_indices=(1, 2, 3, 4, 5), norm_cfg=norm_cfg),
    decode_head=dict(
        type='DLAUpHead',
        in_channels=(32, 128, 256, 512, 1024),
        in_index=(0, 1, 2, 3, 4),
        norm_cfg=norm_cfg,
        num_classes=11,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# The layers that DGN matches: levels 3 to 5, the output of every residual unit of their trees.
dgn_taps = dict(
    level3=['backbone.level3.tree?.tree?'],
    level4=['backbone.level4.tree?.tree?.tree?'],
    level5=['backbone.level5.tree?'],
)
