# DDFN×1, then S. `test.py CONFIG CLEAN` takes the clean-trained S, train.py trains S behind it.
_base_ = './hrnet18s_cityscapes_awgn50_s1.py'
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor=_base_.model,
    restorer=dict(type='RestorerCascade', restorer=dict(type='DDFN'), num=1),
    restorer_checkpoint='work_dirs/hrnet18s_cityscapes_awgn50_ddfn1/stage_1_D1.pth',
    clean_checkpoint=_base_.load_from,
    clip=False,
)
load_from = None
val_evaluator = _base_.restoring_evaluator
test_evaluator = val_evaluator
