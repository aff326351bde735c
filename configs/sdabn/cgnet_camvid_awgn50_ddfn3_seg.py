# DDFN×3, then S. `test.py CONFIG CLEAN` takes the clean-trained S, train.py trains S behind it.
_base_ = './cgnet_camvid_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(num=3),
    restorer_checkpoint='work_dirs/cgnet_camvid_awgn50_ddfn3/stage_3_D3.pth',
)
