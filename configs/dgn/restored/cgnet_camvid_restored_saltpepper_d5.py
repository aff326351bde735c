# Table III: DGN behind a median filter.
_base_ = '../saltpepper/cgnet_camvid_saltpepper_d5.py'
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ClassicalRestorer', method='median'),
)
