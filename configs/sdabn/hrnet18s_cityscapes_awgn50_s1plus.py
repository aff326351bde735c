# Baseline S1+: one segmentor as large as S1D1S2, on noisy images, from the clean-trained one.
_base_ = [
    '../_base_/models/hrnetv2_w26_small_v2.py',
    '../_base_/datasets/cityscapes_sdabn.py',
    '../_base_/schedules/sdabn_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(loss_decode=_base_.weighted_loss))
load_from = 'work_dirs/hrnet26s_cityscapes_clean/iter_35816.pth'
