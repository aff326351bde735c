# DGN on DeepLab v2: stages 3 and 4 (our reading), lambda 0.1. All else as in fine-tuning.
_base_ = './deeplabv2_voc_finetune_gblur_d5.py'
load_from = None
model = dict(
    _delete_=True,
    type='DenseGramSegmentor',
    segmentor={{_base_.model}},
    clean_checkpoint={{_base_.load_from}},
    taps={{_base_.dgn_taps}},
    loss_gram=dict(type='DenseGramLoss', loss_weight=0.1),
)
