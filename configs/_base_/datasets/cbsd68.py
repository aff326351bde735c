# CBSD68: the 68 colour images of BSDS500's test set that denoisers are compared on, 481×321 pixels,
# for tests. One folder of images, data/CBSD68 (from https://github.com/cszn/FFDNet, or the JPEG
# files of BSDS500 themselves).
degradation = dict(kind='awgn', degree=4, preset='sdabn')
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='Degrade', keep_clean=True),
    dict(type='PackDegradeInputs'),
]
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='CleanImageDataset', data_root='data/CBSD68', pipeline=test_pipeline),
)
test_cfg = dict(type='TestLoop')
test_evaluator = dict(type='RestorationMetric', protocol='sdabn')
