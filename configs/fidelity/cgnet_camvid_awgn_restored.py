# Test only: restored, then the clean CGNet; the restorer of cgnet_camvid_awgn_pretrained.py.
# `test.py CONFIG CLEAN`, CLEAN being what configs/dgn/cgnet_camvid_clean.py leaves.
_base_ = './cgnet_camvid_awgn_pretrained.py'
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor=_base_.model.segmentor,
    restorer=_base_.restorer,
    restorer_checkpoint='work_dirs/cgnet_camvid_awgn_pretrained/stage_1_restorer.pth',
    clean_checkpoint=_base_.model.clean_checkpoint,
)
last = _base_.max_iters
train_cfg = dict(_delete_=True, type='IterBasedTrainLoop', max_iters=last, val_interval=last)
