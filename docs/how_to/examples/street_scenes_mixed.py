# Half of the training images with either kind; the tests are of the dropout.
_base_ = './street_scenes_vignette_d4.py'
degradation = dict(kind='pixel_dropout', degree=3)
either = dict(
    type='RandomDegrade',
    prob=0.5,
    choices=[
        dict(kind='vignette', degree=[1, 2, 3, 4, 5]),
        dict(kind='pixel_dropout', amount=dict(low=0.05, high=0.4), cell=4),
    ],
)
train_pipeline = [*_base_.train_pipeline[:-2], either, _base_.train_pipeline[-1]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
