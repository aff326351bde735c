# FFDNet on Cityscapes, trained on its absolute error: what the other objectives add to.
_base_ = [
    '../_base_/models/hrnetv2_w18_small_v2.py',
    '../_base_/datasets/cityscapes_d2sm.py',
    '../_base_/schedules/d2sm_cityscapes.py',
    '../_base_/default_runtime.py',
]
# Segments restored images; clean-trained by configs/sdabn/hrnet18s_cityscapes_clean.py.
fixed = dict(
    segmentor=_base_.model, checkpoint='work_dirs/hrnet18s_cityscapes_clean/iter_35816.pth'
)
# What D2SM's samples are compared by: conv5_4 of VGG19.
features = dict(type='VGGFeatures')
restorer = dict(type='FFDNet')
model = dict(
    _delete_=True,
    type='RestorationModel',
    restorer=restorer,
    condition='noise_level',
    losses=dict(l1=dict(type='RestorationL1Loss')),
)
