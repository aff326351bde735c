# The demonstration's network, fine-tuned on the vignette.
_base_ = '../../../configs/demo/street_scenes_clean.py'
custom_imports = dict(imports=['mmdegrade', 'vignette', 'pixel_dropout'])
degradation = dict(kind='vignette', degree=4)
load_from = 'work_dirs/street_scenes_clean/iter_1000.pth'
