# IDM on pairs of files without masks: Rain100H; Rain100L: name its folder in the two datasets.
# Ours: 12,300 iterations, as many as Cityscapes' 100 epochs.
_base_ = [
    '../_base_/datasets/rain100.py',
    '../_base_/schedules/ubcn_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='RestorationModel',
    restorer=dict(type='ImageDerainModule', with_cp=True),
    losses=dict(l1=dict(type='RestorationL1Loss')),
)
