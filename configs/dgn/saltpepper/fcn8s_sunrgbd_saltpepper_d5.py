# DGN, under salt-and-pepper noise; else as for Gaussian blur.
_base_ = '../fcn8s_sunrgbd_gblur_d5.py'
degradation = dict(kind='saltpepper')
