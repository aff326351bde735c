# Setup 2: retrained on noisy images, as long as a calibration and its ensemble.
_base_ = './cgnet_camvid_awgn_noisy.py'
load_from = 'work_dirs/cgnet_camvid_clean/iter_1500.pth'
custom_hooks = [dict(type='NormEvalHook')]
