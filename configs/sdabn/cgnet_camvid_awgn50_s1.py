# Baseline S1: CGNet trained on noisy images, from the clean-trained one.
# Start: configs/dgn/cgnet_camvid_clean.py
_base_ = [
    '../_base_/models/cgnet.py',
    '../_base_/datasets/camvid_sdabn.py',
    '../_base_/schedules/sdabn_camvid.py',
    '../_base_/default_runtime.py',
]
load_from = 'work_dirs/cgnet_camvid_clean/iter_1500.pth'
custom_hooks = [dict(type='NormEvalHook')]
