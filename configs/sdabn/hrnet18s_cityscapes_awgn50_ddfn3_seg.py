# Test only: DDFN×3, then the clean-trained segmentor. test.py CONFIG CLEAN
_base_ = './hrnet18s_cityscapes_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(num=3),
    restorer_checkpoint='work_dirs/hrnet18s_cityscapes_awgn50_ddfn3/stage_3_D3.pth',
)
