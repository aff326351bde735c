# Baseline: plain fine-tuning, under haze; else as for Gaussian blur.
_base_ = '../dla34_camvid_finetune_gblur_d5.py'
degradation = dict(kind='haze')
