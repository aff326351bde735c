# Table III: plain fine-tuning behind blind deconvolution.
_base_ = '../cgnet_camvid_finetune_gblur_d5.py'
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor={{_base_.model}},
    restorer=dict(type='ClassicalRestorer', method='blind_deconvolution', size=31),
)
