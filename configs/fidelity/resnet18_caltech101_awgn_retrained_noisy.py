# Setup 2 on the Caltech-101 sample: retrained on noisy images, from the clean network.
_base_ = [
    '../_base_/models/resnet18_slim_caltech101.py',
    '../_base_/datasets/caltech101_sample.py',
    '../_base_/schedules/fidelity_caltech101_sample.py',
    '../_base_/classification_runtime.py',
]
load_from = 'work_dirs/resnet18_caltech101_clean/iter_3000.pth'
