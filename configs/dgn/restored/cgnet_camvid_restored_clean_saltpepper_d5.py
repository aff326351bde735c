# Table III: the clean-trained network behind a median filter.
_base_ = '../cgnet_camvid_clean.py'
degradation = dict(kind='saltpepper', degree=5)
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ClassicalRestorer', method='median'),
)
