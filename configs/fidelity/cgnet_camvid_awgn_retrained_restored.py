# Setup 3: retrained on restored images, as long as a calibration and its ensemble.
_base_ = './cgnet_camvid_awgn_restored.py'
custom_hooks = [dict(type='NormEvalHook')]
