# Baseline DMS: DDFN trained on its error plus 0.02 times the cross-entropy of the fixed,
# clean-trained segmentor. It is tested by *_dms_seg.py.
_base_ = './hrnet18s_cityscapes_awgn50_s1.py'
load_from = None
model = dict(
    _delete_=True,
    type='RestorationModel',
    restorer=dict(type='DDFN'),
    losses=dict(
        mse=dict(type='RestorationMSELoss', border=1),
        segmentation=dict(
            type='SegmentationLoss',
            segmentor=_base_.model,
            checkpoint=_base_.load_from,
            loss_weight=0.02,
        ),
    ),
)
train_dataloader = _base_.patches
optim_wrapper = dict(_delete_=True, **_base_.denoiser_stage.optim_wrapper)
param_scheduler = _base_.denoiser_stage.param_scheduler
train_cfg = dict(max_iters=_base_.denoiser_stage.iters)
val_evaluator = dict(_delete_=True, type='RestorationMetric', protocol='sdabn')
test_evaluator = val_evaluator
