# HRNetV2-W18-Small-v2: Wang et al., "Deep High-Resolution Representation Learning for Visual
# Recognition", TPAMI 2020; the segmentor of SDABN. 3,939,579 parameters with 19 classes, as in the
# authors' code. Start from ImageNet weights (in mmseg's key names they are simply 'w18_small') with
#   model = dict(backbone=dict(init_cfg=dict(
#       type='Pretrained', checkpoint='open-mmlab://msra/hrnetv2_w18_small')))
# which is https://download.openmmlab.com/pretrain/third_party/hrnetv2_w18_small-b5a04e21.pth
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
        type='HRNet',
        norm_cfg=norm_cfg,
        norm_eval=False,
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(2,),
                num_channels=(64,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(2, 2),
                num_channels=(18, 36),
            ),
            stage3=dict(
                num_modules=3,
                num_branches=3,
                block='BASIC',
                num_blocks=(2, 2, 2),
                num_channels=(18, 36, 72),
            ),
            stage4=dict(
                num_modules=2,
                num_branches=4,
                block='BASIC',
                num_blocks=(2, 2, 2, 2),
                num_channels=(18, 36, 72, 144),
            ),
        ),
    ),
    decode_head=dict(
        type='HRNetV2Head',
        in_channels=[18, 36, 72, 144],
        num_classes=19,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
