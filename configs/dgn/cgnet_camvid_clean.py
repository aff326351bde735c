# CGNet trained on clean CamVid. The adaptations below start from its checkpoint.
_base_ = [
    '../_base_/models/cgnet.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/sgd_poly_1500.py',
    '../_base_/default_runtime.py',
]
