# Table III: the clean-trained network behind dehazing by the colour attenuation prior.
_base_ = '../cgnet_camvid_clean.py'
degradation = dict(kind='haze', degree=5)
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ClassicalRestorer', method='colour_attenuation'),
)
