# Test only: DDFN×2, then the clean-trained segmentor. test.py CONFIG CLEAN
_base_ = './hrnet18s_cityscapes_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(num=2),
    restorer_checkpoint='work_dirs/hrnet18s_cityscapes_awgn50_ddfn2/stage_2_D2.pth',
)
