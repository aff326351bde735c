# The map read off the clean image, on the Caltech-101 sample; restorer of
# resnet18_caltech101_awgn_pretrained.py.
_base_ = './resnet18_caltech101_awgn_pretrained.py'
model = dict(
    setting='oracle',
    estimator=None,
    restorer_checkpoint='work_dirs/resnet18_caltech101_awgn_pretrained/stage_1_restorer.pth',
)
train_cfg = dict(stages=_base_.train_cfg.stages[2:])
