# Baseline: plain fine-tuning, under motion blur; else as for Gaussian blur.
_base_ = '../fcn8s_cityscapes_finetune_gblur_d5.py'
degradation = dict(kind='mblur')
