# DGN paired, under salt-and-pepper noise; else as for Gaussian blur.
_base_ = '../fcn8s_sunrgbd_paired_gblur_d5.py'
degradation = dict(kind='saltpepper')
