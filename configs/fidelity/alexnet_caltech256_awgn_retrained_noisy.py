# Setup 2: AlexNet retrained on noisy images. Tested restored by
# alexnet_caltech256_awgn_restored.py.
_base_ = [
    '../_base_/models/alexnet_caltech256.py',
    '../_base_/datasets/caltech256.py',
    '../_base_/schedules/fidelity_caltech256.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    _delete_=True,
    type='RestoreThenClassify',
    classifier=_base_.model,
    restorer=None,
    torchvision_checkpoint='torchvision://alexnet',
)
