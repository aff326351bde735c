# DGN-Gaussian: the MMD of a Gaussian kernel.
# Its weight makes the first gradient as large as that of the Gram loss at 100.
_base_ = './cgnet_camvid_gblur_d5.py'
model = dict(loss_gram=dict(_delete_=True, type='DenseGaussianMMDLoss', loss_weight=0.0027))
