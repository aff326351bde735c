# L1 + 0.1 x (1 - SSIM); weights: README.md.
_base_ = './ffdnet_camvid_l1.py'
model = dict(losses=dict(ssim=dict(type='RestorationSSIMLoss', loss_weight=0.1)))
