# Baseline C&D: half clean, half degraded, under haze; else as for Gaussian blur.
_base_ = '../refinenet_voc_cd_gblur_d5.py'
degradation = dict(kind='haze')
