# Charbonnier loss instead of the absolute error.
_base_ = './ffdnet_camvid_l1.py'
model = dict(losses=dict(_delete_=True, charbonnier=dict(type='RestorationCharbonnierLoss')))
