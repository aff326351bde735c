# UBCN on VOC, one stage of each kind, as the supplement has it; epochs × whole batches of
# 8,498 images. IDM and SAM: Adam 1e-2, a fifth of it every 30 epochs, 100 epochs, batch 24.
# FAM: SGD 1e-2 (segmentor) and 1e-3 (discriminator), 100 epochs. Whole: SGD 1e-4, poly, 50 epochs,
# batch 12. Ours: gradients clipped at 1.0, since Adam at 1e-2 is fast; FAM with batch 24 and poly.
epoch = 8498 // 24
max_iters = 100 * epoch
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-2), clip_grad=dict(max_norm=1.0)
)
param_scheduler = [
    dict(
        type='MultiStepLR',
        milestones=[30 * epoch, 60 * epoch, 90 * epoch],
        gamma=0.2,
        by_epoch=False,
    )
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=10 * epoch)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
derain_stage = dict(iters=max_iters)
attentive_stage = dict(iters=max_iters)
adapt_stage = dict(
    iters=max_iters,
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
    param_scheduler=[dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)],
)
whole_stage = dict(
    iters=50 * (8498 // 12),
    optim_wrapper=dict(
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=1e-4, momentum=0.9, weight_decay=1e-4),
        clip_grad=dict(max_norm=1.0),
    ),
    param_scheduler=[dict(type='PolyLR', power=0.9, end=50 * (8498 // 12), by_epoch=False)],
)
