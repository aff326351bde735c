# Setup 2: GoogLeNet retrained on noisy images. Tested restored by
# googlenet_caltech256_awgn_restored.py.
_base_ = [
    '../_base_/models/googlenet_caltech256.py',
    '../_base_/datasets/caltech256.py',
    '../_base_/schedules/fidelity_caltech256.py',
    '../_base_/classification_runtime.py',
]
