# Test only: a trained DDFN×1 on CBSD68.
# test.py CONFIG work_dirs/cgnet_camvid_awgn50_ddfn1/stage_1_D1.pth
_base_ = ['../_base_/datasets/cbsd68.py', '../_base_/default_runtime.py']
model = dict(type='CascadeRestorationModel', restorer=dict(type='DDFN'), num=1)
