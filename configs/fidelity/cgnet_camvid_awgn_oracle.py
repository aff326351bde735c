# The map read off the clean image: what calibration can reach. The restorer is that of
# cgnet_camvid_awgn_pretrained.py, trained there.
_base_ = './cgnet_camvid_awgn_pretrained.py'
model = dict(
    setting='oracle',
    estimator=None,
    restorer_checkpoint='work_dirs/cgnet_camvid_awgn_pretrained/stage_1_restorer.pth',
)
train_cfg = dict(stages=_base_.train_cfg.stages[2:])
