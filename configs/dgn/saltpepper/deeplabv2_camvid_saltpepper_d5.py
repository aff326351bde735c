# DGN, under salt-and-pepper noise; else as for Gaussian blur.
_base_ = '../deeplabv2_camvid_gblur_d5.py'
degradation = dict(kind='saltpepper')
