# Test only, and the start of the retrained: the clean CGNet on noisy images, without restoration.
# `test.py CONFIG CLEAN`, CLEAN being what configs/dgn/cgnet_camvid_clean.py leaves.
_base_ = [
    '../_base_/models/cgnet.py',
    '../_base_/datasets/camvid_fidelity.py',
    '../_base_/schedules/fidelity_camvid.py',
    '../_base_/default_runtime.py',
]
