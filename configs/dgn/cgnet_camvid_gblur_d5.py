# DGN: source and target both see the degraded image. λ was chosen on held-back images: README.md.
_base_ = './cgnet_camvid_clean.py'
degradation = dict(kind='gblur', degree=5)
model = dict(
    _delete_=True,
    type='DenseGramSegmentor',
    segmentor={{_base_.model}},
    clean_checkpoint='work_dirs/cgnet_camvid_clean/iter_1500.pth',
    taps=dict(level2=['backbone.level2.*']),
    loss_gram=dict(type='DenseGramLoss', loss_weight=100),
)
custom_hooks = [dict(type='NormEvalHook')]
