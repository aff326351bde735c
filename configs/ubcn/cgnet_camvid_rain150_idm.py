# Baseline IDM: derained by cgnet_camvid_rain150_derain.py, then the clean-trained network.
# `test.py CONFIG CLEAN`, CLEAN being what configs/dgn/cgnet_camvid_clean.py leaves.
_base_ = [
    '../_base_/models/cgnet.py',
    '../_base_/datasets/camvid_ubcn.py',
    '../_base_/schedules/ubcn_camvid.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ImageDerainModule', num_blocks=11, residual=True),
    restorer_checkpoint='work_dirs/cgnet_camvid_rain150_derain/iter_300.pth',
    clean_checkpoint='work_dirs/cgnet_camvid_clean/iter_1500.pth',
    clip=False,
)
val_evaluator = {{_base_.restoring_evaluator}}
test_evaluator = val_evaluator
