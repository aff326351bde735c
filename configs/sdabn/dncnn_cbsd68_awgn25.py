# Test only: the published grey DnCNN-S of σ 25, on each channel of CBSD68 by itself. Its file is
# logs/DnCNN-S-25/net.pth of https://github.com/SaoYan/DnCNN-PyTorch. test.py CONFIG net.pth
_base_ = ['../_base_/datasets/cbsd68.py', '../_base_/default_runtime.py']
degradation = dict(degree=2)
model = dict(type='RestorationModel', restorer=dict(type='DnCNN', channels=1, depth=17))
