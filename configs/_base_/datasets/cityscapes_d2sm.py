# Cityscapes as D2SM uses it: crops of 512, any of the eight flips and rotations by 90 degrees, then
# noise that is not clipped: for training of a σ drawn for each image, for validation of σ 35, in
# tests of each σ in `sigmas`. 8 is the paper's total: divide it by the number of GPUs.
_base_ = './cityscapes.py'
degradation = dict(
    _delete_=True, kind='awgn', sigma=35, clip=False, train=dict(sigma=dict(low=0, high=75))
)
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),  # for the cross-entropy of a fixed segmentor
    dict(type='RandomCrop', crop_size=(512, 512)),
    dict(type='RandomRotFlip', rotate_prob=0, flip_prob=1),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Degrade', keep_clean=True),
    dict(type='PackDegradeInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='Degrade', keep_clean=True),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
train_dataloader = dict(batch_size=8, num_workers=8, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='RestorationMetric', protocol='d2sm')
test_evaluator = val_evaluator
sigmas = [dict(kind='awgn', sigma=sigma, clip=False) for sigma in (25, 35, 50)]
test_cfg = dict(type='DegradationTestLoop', cells=sigmas)
# For models that restore and segment: one run gives mIoU, PSNR and SSIM at each σ.
restoring_evaluator = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='RestorationMetric', protocol='d2sm'),
]
