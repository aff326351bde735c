# DGN paired, under motion blur; else as for Gaussian blur.
_base_ = '../refinenet_sunrgbd_paired_gblur_d5.py'
degradation = dict(kind='mblur')
