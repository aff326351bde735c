# DGN paired, under motion blur; else as for Gaussian blur.
_base_ = '../deeplabv3plus_voc_paired_gblur_d5.py'
degradation = dict(kind='mblur')
