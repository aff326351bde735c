# DGN paired: the source sees the clean image (DGN + C&D in the paper).
_base_ = './encnet_voc_gblur_d5.py'
degradation = dict(train=dict(keep_clean=True))
model = dict(source_input='clean')
