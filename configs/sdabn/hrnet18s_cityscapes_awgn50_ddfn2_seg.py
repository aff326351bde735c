# DDFN×2, then S. `test.py CONFIG CLEAN` takes the clean-trained S, train.py trains S behind it.
_base_ = './hrnet18s_cityscapes_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(num=2),
    restorer_checkpoint='work_dirs/hrnet18s_cityscapes_awgn50_ddfn2/stage_2_D2.pth',
)
