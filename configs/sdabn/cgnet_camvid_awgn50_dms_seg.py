# Test only: the denoiser of DMS, then the clean-trained segmentor. test.py CONFIG CLEAN
_base_ = './cgnet_camvid_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(_delete_=True, type='DDFN'),
    restorer_checkpoint='work_dirs/cgnet_camvid_awgn50_dms/iter_1200.pth',
)
