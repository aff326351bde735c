# Baseline: plain fine-tuning, under salt-and-pepper noise; else as for Gaussian blur.
_base_ = '../deeplabv3plus_cityscapes_finetune_gblur_d5.py'
degradation = dict(kind='saltpepper')
