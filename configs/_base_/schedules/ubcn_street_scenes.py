# UBCN on StreetScenes at a length for a CPU core: ubcn_camvid.py with shorter stages, and FAM as in
# ubcn_cityscapes.py.
_base_ = './ubcn_camvid.py'
attentive_stage = dict(
    iters=150,
    param_scheduler=[dict(type='PolyLR', power=0.9, end=150, by_epoch=False)],
)
adapt_stage = dict(
    iters=200,
    optim_wrapper=dict(
        segmentor=dict(optimizer=dict(lr=1e-2), clip_grad=dict(max_norm=1.0)),
    ),
    param_scheduler=[dict(type='PolyLR', power=0.9, end=200, by_epoch=False)],
)
whole_stage = dict(
    iters=120,
    param_scheduler=[dict(type='PolyLR', power=0.9, end=120, by_epoch=False)],
)
