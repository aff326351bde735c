# Baseline: plain fine-tuning, under motion blur; else as for Gaussian blur.
_base_ = '../deeplabv2_sunrgbd_finetune_gblur_d5.py'
degradation = dict(kind='mblur')
