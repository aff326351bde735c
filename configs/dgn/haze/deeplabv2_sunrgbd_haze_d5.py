# DGN, under haze; else as for Gaussian blur.
_base_ = '../deeplabv2_sunrgbd_gblur_d5.py'
degradation = dict(kind='haze')
