# DGN, under haze; else as for Gaussian blur.
_base_ = '../refinenet_voc_gblur_d5.py'
degradation = dict(kind='haze')
