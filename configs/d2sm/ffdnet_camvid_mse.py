# Squared instead of absolute error.
_base_ = './ffdnet_camvid_l1.py'
model = dict(losses=dict(_delete_=True, mse=dict(type='RestorationMSELoss')))
