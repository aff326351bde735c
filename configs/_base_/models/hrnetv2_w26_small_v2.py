# S1+ of SDABN: one segmentor with as many parameters as S1D1S2. The paper gives 8.00 M and not how
# they are reached; branches of 26 instead of 18 channels come nearest (27: 8.53 M): 7,926,971
# parameters, 7.93 M, with 19 classes. There are no public ImageNet weights of this width.
_base_ = './hrnetv2_w18_small_v2.py'
model = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_channels=(26, 52)),
            stage3=dict(num_channels=(26, 52, 104)),
            stage4=dict(num_channels=(26, 52, 104, 208)),
        )
    ),
    decode_head=dict(in_channels=[26, 52, 104, 208]),
)
