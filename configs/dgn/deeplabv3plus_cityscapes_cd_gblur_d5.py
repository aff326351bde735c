# Baseline C&D: fine-tuning on a mixture, half clean and half degraded.
_base_ = './deeplabv3plus_cityscapes_finetune_gblur_d5.py'
degradation = dict(train=dict(prob=0.5))
