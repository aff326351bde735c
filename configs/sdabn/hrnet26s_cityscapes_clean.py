# The wide segmentor of S1+ on clean images. There are no ImageNet weights of its width.
_base_ = './hrnet18s_cityscapes_awgn50_s1plus.py'
degradation = dict(_delete_=True, kind='clean')
load_from = None
