# Baseline S1: HRNetV2-W18-Small-v2 trained on noisy images, from the clean-trained one.
_base_ = [
    '../_base_/models/hrnetv2_w18_small_v2.py',
    '../_base_/datasets/cityscapes_sdabn.py',
    '../_base_/schedules/sdabn_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(loss_decode=_base_.weighted_loss))
load_from = 'work_dirs/hrnet18s_cityscapes_clean/iter_35816.pth'
