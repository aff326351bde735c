# DGN: source and target both see the blurred image. Schedule and data as in fine-tuning.
# λ = 10 was chosen on the 40 held-back scenes (split 'val'); see README.md beside this file.
_base_ = './street_scenes_finetune_gblur_d5.py'
load_from = None
model = dict(
    _delete_=True,
    type='DenseGramSegmentor',
    segmentor={{_base_.model}},
    clean_checkpoint={{_base_.load_from}},
    taps={{_base_.taps}},
    loss_gram=dict(type='DenseGramLoss', loss_weight=10),
)
custom_hooks = [dict(type='NormEvalHook')]
