# What every config shares: the plugin, reproducible randomness, logging, checkpoints.
default_scope = 'mmseg'
custom_imports = dict(imports=['mmdegrade'], allow_failed_imports=False)
runner_type = 'DegradeRunner'  # fills in `degradation`, checks paths; stock train.py honours it
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2000, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    random_state=dict(type='RandomStateHook'),
    finite_loss=dict(type='FiniteLossHook'),
    degradation=dict(type='DegradationHook'),  # the same for stock test.py, which does not
    visualization=dict(type='DegradedVisualizationHook'),
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='SegLocalVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0)
