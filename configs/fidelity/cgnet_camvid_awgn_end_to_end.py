# The estimator trained on with the calibration. Restorer and estimator start as
# cgnet_camvid_awgn_pretrained.py trained them.
_base_ = './cgnet_camvid_awgn_pretrained.py'
model = dict(
    setting='end-to-end',
    restorer_checkpoint='work_dirs/cgnet_camvid_awgn_pretrained/stage_1_restorer.pth',
    estimator_checkpoint='work_dirs/cgnet_camvid_awgn_pretrained/stage_2_estimator.pth',
)
train_cfg = dict(
    stages=[
        dict(_base_.calibration_stage, name='calibration', train=['estimator', 'spatial', 'head']),
        _base_.ensemble,
    ]
)
