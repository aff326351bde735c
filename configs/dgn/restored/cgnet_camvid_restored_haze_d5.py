# Table III: DGN behind dehazing by the colour attenuation prior.
_base_ = '../haze/cgnet_camvid_haze_d5.py'
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ClassicalRestorer', method='colour_attenuation'),
)
