# Table III: the clean-trained network behind blind deconvolution.
_base_ = '../cgnet_camvid_clean.py'
degradation = dict(kind='gblur', degree=5)
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ClassicalRestorer', method='blind_deconvolution', size=31),
)
