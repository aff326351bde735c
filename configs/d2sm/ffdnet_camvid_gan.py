# L1 + 0.001 x the adversarial loss of a PatchGAN on images.
_base_ = './ffdnet_camvid_l1.py'
model = dict(
    type='AdversarialRestorationModel',
    discriminator=dict(type='PatchDiscriminator', width=32, layers=2),
)
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(
            name='gan',
            train=['restorer', 'discriminator'],
            iters=_base_.max_iters,
            optim_wrapper=dict(restorer=_base_.optim_wrapper, discriminator=_base_.optim_wrapper),
        )
    ],
)
