# DGN paired: the source sees the clean image (DGN + C&D in the paper).
_base_ = './dla34_cityscapes_gblur_d5.py'
degradation = dict(train=dict(keep_clean=True))
model = dict(source_input='clean')
