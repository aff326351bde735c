# UBCN on StreetScenes at a length for a CPU core, about six minutes a stage: optimisers as in
# ubcn_cityscapes.py, with rates that suit few steps (Adam 1e-3, poly 0.9). No validation after a
# stage, which would take as long: test its checkpoint.
max_iters = 300
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3), clip_grad=dict(max_norm=1.0)
)
param_scheduler = [dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
derain_stage = dict(iters=max_iters, val_interval=None)
attentive_stage = dict(
    iters=150,
    val_interval=None,
    param_scheduler=[dict(type='PolyLR', power=0.9, end=150, by_epoch=False)],
)
adapt_stage = dict(
    iters=200,
    val_interval=None,
    optim_wrapper=dict(
        segmentor=dict(
            type='OptimWrapper',
            optimizer=dict(type='SGD', lr=1e-2, momentum=0.9, weight_decay=1e-4),
            clip_grad=dict(max_norm=1.0),
        ),
        discriminator=dict(
            type='OptimWrapper',
            optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4),
            clip_grad=dict(max_norm=1.0),
        ),
    ),
    param_scheduler=[dict(type='PolyLR', power=0.9, end=200, by_epoch=False)],
)
whole_stage = dict(
    iters=120,
    val_interval=None,
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=1e-4, momentum=0.9, weight_decay=1e-4),
        clip_grad=dict(max_norm=1.0),
    ),
    param_scheduler=[dict(type='PolyLR', power=0.9, end=120, by_epoch=False)],
)
