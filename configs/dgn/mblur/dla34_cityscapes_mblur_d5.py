# DGN, under motion blur; else as for Gaussian blur.
_base_ = '../dla34_cityscapes_gblur_d5.py'
degradation = dict(kind='mblur')
