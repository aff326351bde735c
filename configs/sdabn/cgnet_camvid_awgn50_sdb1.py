# SDB×1 (S1D1): the segmentor on the noisy image, then a denoiser that is told its logits.
_base_ = './cgnet_camvid_awgn50_s1.py'
load_from = None
model = dict(
    _delete_=True,
    type='SDABNSegmentor',
    segmentor=_base_.model,
    denoiser=dict(type='DDFN', condition_channels=11),
    num_blocks=1,
    last='D',
    clean_checkpoint=_base_.load_from,
)
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(_base_.segmentor_stage, name='S1', train=['S1'], val_interval=None),
        dict(_base_.denoiser_stage, name='D1', train=['D1'], dataloader=_base_.patches),
    ],
)
val_evaluator = _base_.restoring_evaluator
test_evaluator = val_evaluator
