# Test only: the denoiser of DMS, then the clean-trained segmentor. test.py CONFIG CLEAN
_base_ = './hrnet18s_cityscapes_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(_delete_=True, type='DDFN'),
    restorer_checkpoint='work_dirs/hrnet18s_cityscapes_awgn50_dms/iter_92000.pth',
)
