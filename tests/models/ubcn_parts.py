"""A small UBCN, for its tests."""

import torch
from mmseg.registry import MODELS

from tests.tiny import fcn_r18

MEAN = torch.tensor([123.675, 116.28, 103.53])[:, None, None]
STD = torch.tensor([58.395, 57.12, 57.375])[:, None, None]
GROUPS = dict(sky=['Sky'], ground=['Road', 'Pavement'], others='*')


def ubcn(**kwargs) -> dict:
    return dict(
        dict(
            type='UBCNSegmentor',
            segmentor=fcn_r18(dropout=0),
            derain=dict(type='ImageDerainModule', num_blocks=1, residual=True),
            attentive=dict(type='SemanticAttentiveModule', num_paths=3, num_blocks=1),
            discriminator=dict(
                type='FeatureDiscriminator', in_channels=64, strides=(2, 1, 1, 1, 1, 1)
            ),
            classes='CamVidDataset',
            groups=GROUPS,
        ),
        **kwargs,
    )


def build(**kwargs):
    torch.manual_seed(0)
    model = MODELS.build(ubcn(**kwargs))
    model.init_weights()
    return model
