# DGN, under salt-and-pepper noise; else as for Gaussian blur.
_base_ = '../cgnet_camvid_gblur_d5.py'
degradation = dict(kind='saltpepper')
