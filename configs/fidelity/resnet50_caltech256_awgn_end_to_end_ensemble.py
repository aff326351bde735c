# The calibration of resnet50_caltech256_awgn_end_to_end.py, then the ensemble, half as long.
_base_ = './resnet50_caltech256_awgn_end_to_end.py'
model = dict(ensemble=True)
ensemble = dict(_base_.ensemble_stage, name='ensemble', train=['ensemble'])
train_cfg = dict(stages=[*_base_.train_cfg.stages, ensemble])
