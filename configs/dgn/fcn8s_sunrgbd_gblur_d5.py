# DGN-B4 on FCN-8s: blocks 4, 5 and 6, lambda 0.1, as published.
# model.tap=conv taps before the ReLU, the literal reading of the paper.
_base_ = './fcn8s_sunrgbd_clean.py'
degradation = dict(kind='gblur', degree=5)
model = dict(
    _delete_=True,
    type='DenseGramSegmentor',
    segmentor={{_base_.model}},
    clean_checkpoint='work_dirs/fcn8s_sunrgbd_clean/iter_140000.pth',
    tap='relu',
    taps={{_base_.dgn_taps}},
    loss_gram=dict(type='DenseGramLoss', loss_weight=0.1),
)
optim_wrapper = dict(optimizer=dict(lr=2e-5))
