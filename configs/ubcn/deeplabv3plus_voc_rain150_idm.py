# Baseline IDM: derained by deeplabv3plus_voc_rain150_derain.py, then the clean-trained network.
# `test.py CONFIG CLEAN`, CLEAN being what configs/dgn/deeplabv3plus_voc_clean.py leaves.
_base_ = [
    '../_base_/models/deeplabv3plus_r101.py',
    '../_base_/datasets/voc_ubcn.py',
    '../_base_/schedules/ubcn_voc.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ImageDerainModule', with_cp=True),
    restorer_checkpoint='work_dirs/deeplabv3plus_voc_rain150_derain/iter_35400.pth',
    clean_checkpoint='work_dirs/deeplabv3plus_voc_clean/iter_40000.pth',
    clip=False,
)
val_evaluator = {{_base_.restoring_evaluator}}
test_evaluator = val_evaluator
