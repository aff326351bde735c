# DGN paired, under motion blur; else as for Gaussian blur.
_base_ = '../deeplabv2_camvid_paired_gblur_d5.py'
degradation = dict(kind='mblur')
