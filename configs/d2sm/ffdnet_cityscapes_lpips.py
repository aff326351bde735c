# L1 + LPIPS (AlexNet). backbone: https://download.pytorch.org/models/alexnet-owt-7be5be79.pth
_base_ = './ffdnet_cityscapes_l1.py'
model = dict(
    losses=dict(
        lpips=dict(
            type='RestorationLPIPSLoss', net='alex', backbone='data/alexnet-owt-7be5be79.pth'
        )
    )
)
