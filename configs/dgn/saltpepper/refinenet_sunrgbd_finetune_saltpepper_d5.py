# Baseline: plain fine-tuning, under salt-and-pepper noise; else as for Gaussian blur.
_base_ = '../refinenet_sunrgbd_finetune_gblur_d5.py'
degradation = dict(kind='saltpepper')
