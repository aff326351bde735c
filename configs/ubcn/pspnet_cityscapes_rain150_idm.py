# Baseline IDM: derained by pspnet_cityscapes_rain150_derain.py, then the clean-trained network.
# `test.py CONFIG CLEAN`, CLEAN being what configs/dgn/pspnet_cityscapes_clean.py leaves.
_base_ = [
    '../_base_/models/pspnet_r101.py',
    '../_base_/datasets/cityscapes_ubcn.py',
    '../_base_/schedules/ubcn_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ImageDerainModule', with_cp=True),
    restorer_checkpoint='work_dirs/pspnet_cityscapes_rain150_derain/iter_12300.pth',
    clean_checkpoint='work_dirs/pspnet_cityscapes_clean/iter_80000.pth',
    clip=False,
)
val_evaluator = {{_base_.restoring_evaluator}}
test_evaluator = val_evaluator
