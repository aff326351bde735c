# FCN-8s on VGG16: Long, Shelhamer and Darrell, CVPR 2015 / TPAMI 2017 (voc-fcn8s).
# The "at once" variant, trained from ImageNet weights without FCN-32s and FCN-16s before it:
#   model = dict(decode_head=dict(skip_scales=(1e-4, 1e-2)))  # (pool3, pool4)
# Start from ImageNet weights with
#   model = dict(backbone=dict(init_cfg=dict(
#       type='Pretrained', checkpoint='torchvision://vgg16')))
# Literal Caffe loss (sum over pixels, learning rates of 1e-10):
#   model = dict(decode_head=dict(loss_decode=dict(reduction='sum', avg_non_ignore=False)))
# Biases as published: optim_wrapper = dict(
#     paramwise_cfg=dict(bias_lr_mult=2., bias_decay_mult=0.))
# Small crops: pad=1, fc6_pad=3 in backbone and head (pad=100 makes a 64 px crop 262 px).
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
    backbone=dict(type='VGG16FCN', pad=100, dropout_ratio=0.5),
    decode_head=dict(
        type='FCN8sHead',
        in_channels=(256, 512, 4096),
        pad=100,
        skip_scales=(1.0, 1.0),
        num_classes=21,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# The layers that DGN-B4 matches, after the ReLU or before it (the literal reading of the paper).
dgn_taps = dict(
    relu=dict(
        b4=['backbone.relu4_*'],
        b5=['backbone.relu5_*'],
        b6=['backbone.relu6', 'backbone.relu7'],
    ),
    conv=dict(
        b4=['backbone.conv4_*'],
        b5=['backbone.conv5_*'],
        b6=['backbone.fc6', 'backbone.fc7'],
    ),
)
