# A small FFDNet on CamVid, trained on its absolute error: what the other objectives add to.
_base_ = [
    '../_base_/models/cgnet.py',
    '../_base_/datasets/camvid_d2sm.py',
    '../_base_/schedules/d2sm_camvid.py',
    '../_base_/default_runtime.py',
]
# The clean-trained network whose features objectives read, and which segments restored images.
fixed = dict(segmentor=_base_.model, checkpoint='work_dirs/cgnet_camvid_clean/iter_1500.pth')
features = dict(type='BackboneFeatures', taps='out_indices.2', **fixed)
# He's initialisation: PyTorch's, with which the paper trains for long, is slow to learn colours.
restorer = dict(
    type='FFDNet',
    width=48,
    depth=8,
    init_cfg=dict(type='Kaiming', layer='Conv2d', mode='fan_in', nonlinearity='relu'),
)
model = dict(
    _delete_=True,
    type='RestorationModel',
    restorer=restorer,
    condition='noise_level',
    losses=dict(l1=dict(type='RestorationL1Loss')),
)
