# DGN: source and target both see the degraded image. λ = 10, as on StreetScenes.
_base_ = './fpn_camvid_finetune_gblur_d5.py'
load_from = None
model = dict(
    _delete_=True,
    type='DenseGramSegmentor',
    segmentor={{_base_.model}},
    clean_checkpoint={{_base_.load_from}},
    taps='default',
    loss_gram=dict(type='DenseGramLoss', loss_weight=10),
)
