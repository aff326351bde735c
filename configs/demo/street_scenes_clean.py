# The demonstration's network, trained on clean StreetScenes. The adaptations start from it.
_base_ = [
    '../_base_/models/fpn_r18_slim.py',
    '../_base_/datasets/street_scenes.py',
    '../_base_/schedules/adamw_poly_1000.py',
    '../_base_/default_runtime.py',
]
default_hooks = dict(checkpoint=dict(interval=250))
