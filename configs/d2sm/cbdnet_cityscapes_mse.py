# CBDNet on Cityscapes, trained on its own losses: squared error, and two of its estimated noise.
_base_ = './ffdnet_cityscapes_l1.py'
restorer = dict(_delete_=True, type='CBDNet')
model = dict(
    restorer=restorer,
    condition=None,
    losses=dict(_delete_=True, mse=dict(type='RestorationMSELoss')),
)
