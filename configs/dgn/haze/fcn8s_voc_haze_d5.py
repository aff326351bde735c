# DGN, under haze; else as for Gaussian blur.
_base_ = '../fcn8s_voc_gblur_d5.py'
degradation = dict(kind='haze')
