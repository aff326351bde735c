# Baseline C&D: half clean, half degraded, under motion blur; else as for Gaussian blur.
_base_ = '../deeplabv2_camvid_cd_gblur_d5.py'
degradation = dict(kind='mblur')
