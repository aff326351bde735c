"""What every VGG16 here shares: layer names, torchvision's numbering, taps by block.

Paper: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configuration D.
"""

from collections.abc import Mapping, Sequence

# Block -> its convolutions, in order. Inside a block all outputs share width and size, which is
# what dense pairing (DGN, Eq. 3) needs.
VGG16_CONVS = {
    'b1': ['conv1_1', 'conv1_2'],
    'b2': ['conv2_1', 'conv2_2'],
    'b3': ['conv3_1', 'conv3_2', 'conv3_3'],
    'b4': ['conv4_1', 'conv4_2', 'conv4_3'],
    'b5': ['conv5_1', 'conv5_2', 'conv5_3'],
}
# Width of each block in units of ``base_channels``.
VGG16_WIDTHS = dict(zip(VGG16_CONVS, (1, 2, 4, 8, 8), strict=True))

# torchvision.models.vgg16 numbers its layers; these are the same layers.
_TORCHVISION = dict(
    zip(
        (name for convs in VGG16_CONVS.values() for name in convs),
        (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
        strict=True,
    )
)


def relu_name(conv: str) -> str:
    """Name of the ReLU after a layer: ``conv4_2`` -> ``relu4_2``, ``fc6`` -> ``relu6``."""
    return conv.replace('conv', 'relu').replace('fc', 'relu')


def vgg16_taps(
    blocks: Mapping[str, Sequence[str]], start: str = 'b4', tap: str = 'relu', prefix: str = ''
) -> dict:
    """Module names to tap, by block, from block ``start`` to the last one.

    Args:
        blocks (Mapping[str, Sequence[str]]): Block name to its layers.
        start (str): First block. DGN's default is ``'b4'``.
        tap (str): ``'relu'``: the output of each ReLU (usual in style transfer); ``'conv'``: the
            output of each convolution, before the ReLU (the literal reading of the DGN paper).
        prefix (str): Put before every name; ``'backbone.'`` inside an mmseg segmentor.

    Returns:
        dict[str, list[str]]: e.g. ``{'b6': ['backbone.relu6', 'backbone.relu7']}``.

    Raises:
        ValueError: ``start`` or ``tap`` is not one of the above.
    """
    if start not in blocks:
        raise ValueError(f'start={start!r} is not a block; allowed: {list(blocks)}')
    if tap not in ('relu', 'conv'):
        raise ValueError(f"tap={tap!r} is not known; allowed: 'relu', 'conv'")
    names = list(blocks)
    return {
        block: [prefix + (relu_name(conv) if tap == 'relu' else conv) for conv in blocks[block]]
        for block in names[names.index(start) :]
    }


def rename_torchvision_convs(state_dict: dict, prefix: str) -> None:
    """Rename torchvision's ``features.N`` to our convolutions, in place.

    ``classifier.6``, the ImageNet classes, is dropped; ``classifier.0`` and ``.3`` stay.
    """
    for name, number in _TORCHVISION.items():
        for kind in ('weight', 'bias'):
            value = state_dict.pop(f'{prefix}features.{number}.{kind}', None)
            if value is not None:
                state_dict[f'{prefix}{name}.{kind}'] = value
    for kind in ('weight', 'bias'):
        state_dict.pop(f'{prefix}classifier.6.{kind}', None)
