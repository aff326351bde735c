# The trained restorer in front of the demonstration's network, which is trained behind it.
_base_ = [
    '../../../configs/_base_/models/fpn_r18_slim.py',
    '../../../configs/_base_/datasets/street_scenes_sdabn.py',
    '../../../configs/_base_/schedules/adamw_poly_1000.py',
    '../../../configs/_base_/default_runtime.py',
]
custom_imports = dict(imports=['mmdegrade', 'shallow_restorer'])
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ShallowRestorer', width=16),
    restorer_checkpoint='work_dirs/street_scenes_restore/iter_300.pth',
    clean_checkpoint='work_dirs/street_scenes_clean/iter_1000.pth',
)
