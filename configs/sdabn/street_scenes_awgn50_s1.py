# Baseline S1: the demonstration's network trained on noisy images, from the clean-trained one.
# Start: configs/demo/street_scenes_clean.py
_base_ = [
    '../_base_/models/fpn_r18_slim.py',
    '../_base_/datasets/street_scenes_sdabn.py',
    '../_base_/schedules/sdabn_street_scenes.py',
    '../_base_/default_runtime.py',
]
load_from = 'work_dirs/street_scenes_clean/iter_1000.pth'
custom_hooks = [dict(type='NormEvalHook')]
