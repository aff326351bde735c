# DGN-Linear: mean features are matched, the MMD of a linear kernel.
# Its weight makes the first gradient as large as that of the Gram loss at 100.
_base_ = './cgnet_camvid_gblur_d5.py'
model = dict(loss_gram=dict(_delete_=True, type='DenseLinearMMDLoss', loss_weight=1.2))
