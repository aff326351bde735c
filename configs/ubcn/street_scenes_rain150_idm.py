# Baseline IDM: derained by street_scenes_rain150_derain.py, then the clean-trained network.
# `test.py CONFIG CLEAN`, CLEAN being what configs/demo/street_scenes_clean.py leaves.
_base_ = [
    '../_base_/models/fpn_r18_slim.py',
    '../_base_/datasets/street_scenes_ubcn.py',
    '../_base_/schedules/ubcn_street_scenes.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ImageDerainModule', num_blocks=11, residual=True),
    restorer_checkpoint='work_dirs/street_scenes_rain150_derain/iter_300.pth',
    clean_checkpoint='work_dirs/street_scenes_clean/iter_1000.pth',
    clip=False,
)
val_evaluator = {{_base_.restoring_evaluator}}
test_evaluator = val_evaluator
