# SADNet on Cityscapes, trained on its squared error.
_base_ = './ffdnet_cityscapes_l1.py'
restorer = dict(_delete_=True, type='SADNet')
model = dict(
    restorer=restorer,
    condition=None,
    losses=dict(_delete_=True, mse=dict(type='RestorationMSELoss')),
)
