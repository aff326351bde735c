# Baseline S1: HRNetV2-W18-Small-v2 trained on noisy images, from the clean-trained one.
_base_ = [
    '../_base_/models/hrnetv2_w18_small_v2.py',
    '../_base_/datasets/outdoorseg_sdabn.py',
    '../_base_/schedules/sdabn_outdoorseg.py',
    '../_base_/default_runtime.py',
]
model = dict(decode_head=dict(num_classes=8))
load_from = 'work_dirs/hrnet18s_outdoorseg_clean/iter_54900.pth'
