# Clean training in batches: SGD 0.9, weight decay 1e-4, poly 0.9, lr 1e-2, 40,000 iterations.
_base_ = './sgd_poly_140k.py'
max_iters = 40000
optim_wrapper = dict(optimizer=dict(lr=1e-2))
param_scheduler = [dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)]
train_cfg = dict(max_iters=max_iters)
