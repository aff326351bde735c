# The calibration of googlenet_caltech256_awgn_pretrained.py, then the ensemble, half as long.
_base_ = './googlenet_caltech256_awgn_pretrained.py'
model = dict(ensemble=True)
ensemble = dict(_base_.ensemble_stage, name='ensemble', train=['ensemble'])
train_cfg = dict(stages=[*_base_.train_cfg.stages, ensemble])
