# Baseline S1+: one CGNet as large as S1D1S2 (1,070,861 parameters; S1D1S2: 1,102,586), of 48
# instead of 32 channels and so on, on noisy images, from the clean-trained one.
_base_ = './cgnet_camvid_awgn50_s1.py'
model = dict(
    backbone=dict(num_channels=(48, 96, 192)), decode_head=dict(in_channels=384, channels=384)
)
load_from = 'work_dirs/cgnet48_camvid_clean/iter_1500.pth'
