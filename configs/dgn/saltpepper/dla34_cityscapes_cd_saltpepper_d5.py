# Baseline C&D: half clean, half degraded, under salt-and-pepper noise; else as for Gaussian blur.
_base_ = '../dla34_cityscapes_cd_gblur_d5.py'
degradation = dict(kind='saltpepper')
