# Setup 2: ResNet-50 retrained on noisy images. Tested restored by
# resnet50_caltech256_awgn_restored.py.
_base_ = [
    '../_base_/models/resnet50_caltech256.py',
    '../_base_/datasets/caltech256.py',
    '../_base_/schedules/fidelity_caltech256.py',
    '../_base_/classification_runtime.py',
]
