"""FCN-8s decode head: scores at strides 32, 16 and 8, summed and upsampled.

Paper: Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation"
(CVPR 2015; TPAMI 2017). Layers, crops and zero initialisation follow ``voc-fcn8s/net.py`` and
``voc-fcn8s-atonce/net.py`` of shelhamer/fcn.berkeleyvision.org; the code is our own.

    up2   = deconv4/2( score_fr(drop7) )
    fuse4 = up2  + crop_5( score_pool4(scale_4 * pool4) )
    up4   = deconv4/2( fuse4 )
    fuse3 = up4  + crop_9( score_pool3(scale_3 * pool3) )
    score = crop_31( deconv16/8( fuse3 ) )

Scores are 1x1 convolutions; ``score_fr`` is mmseg's ``conv_seg``. The three deconvolutions are
bilinear and fixed (learning rate 0 in Caffe): one kernel for every class, kept in a buffer that
checkpoints do not contain.

Deviations: the crops are computed from the border, so that other borders than 100 px work;
dropout belongs to the backbone (drop6, drop7), not to the head. The published network doubles
the learning rate of biases and does not decay them: an optimiser setting
(``paramwise_cfg=dict(bias_lr_mult=2., bias_decay_mult=0.)``).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..backbones.vgg16_fcn import vgg16_fcn_min_pad


def fcn8s_crop_offsets(pad: int = 100, fc6_pad: int = 0) -> tuple:
    """Crop offsets that put FCN-8s scores in register with the image.

    Write the centre of cell i of a map, in pixels of the image, as ``stride * i + shift``. A
    3x3 convolution with border 1 changes nothing; conv1_1 with border ``pad`` shifts by 1 - pad;
    a 2x2 pooling doubles the stride and adds half the old stride; fc6 (7x7) adds
    (3 - fc6_pad) * 32. So

        pool3: 8 i + 4.5 - pad        pool4: 16 i + 8.5 - pad
        fc6:  32 i + 16.5 - pad + 32 (3 - fc6_pad)

    A deconvolution with kernel 2s and stride s divides the stride by s and subtracts
    (2s - 1)/2 of the new strides. Two maps of equal stride are in register when
    offset = (difference of shifts) / stride. With fc6_pad=0 that gives pool4 5, pool3 9, both
    whatever the border, and pad - 69 for the image: 31 at pad=100, as published.

    Args:
        pad (int): Border of conv1_1, px.
        fc6_pad (int): Border of fc6, cells.

    Returns:
        tuple[int, int, int]: (pool4, pool3, image). A positive offset is cropped from the skip
        scores, a negative one from the upsampled scores; the last from the final map.

    Raises:
        ValueError: ``pad`` is below ``vgg16_fcn_min_pad(fc6_pad)``.
    """
    smallest = vgg16_fcn_min_pad(fc6_pad)
    if pad < smallest:
        raise ValueError(
            f'pad={pad!r} leaves image borders without a score: with '
            f'fc6_pad={fc6_pad} it must be at least {smallest}'
        )
    # Twice the shifts, to stay with integers.
    pool3, pool4 = 9 - 2 * pad, 17 - 2 * pad
    up = 33 - 2 * pad + 64 * (3 - fc6_pad) - 3 * 16  # upscore2 of fc7, stride 16
    offset4 = (up - pool4) // 32
    up = max(up, pool4) - 3 * 8  # upscore_pool4 of the sum, stride 8
    offset3 = (up - pool3) // 16
    up = max(up, pool3) - 15  # upscore8, stride 1
    return offset4, offset3, -up // 2


def bilinear_kernel(stride: int) -> Tensor:
    """Bilinear upsampling kernel for a deconvolution of ``stride`` and size ``2 * stride``.

    Returns:
        Tensor: float32 of shape (1, 1, 2s, 2s); sums to s**2. Value at (y, x):
        (1 - |y - s + .5|/s)(1 - |x - s + .5|/s).
    """
    ramp = 1 - (torch.arange(2 * stride) - stride + 0.5).abs() / stride
    return torch.outer(ramp, ramp)[None, None]


def upsample_fixed(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Deconvolve every channel of (N, C, H, W) with one (1, 1, k, k) kernel, without border.

    Grouped, not folded into the batch: for (1, 21, 70, 54) and stride 8 that takes 9 ms instead
    of 135 ms (one CPU core, torch 2.13).

    Returns:
        Tensor: (N, C, s(H-1)+k, s(W-1)+k).
    """
    channels = int(x.shape[1])  # a tracer makes it a tensor, which groups cannot be
    return F.conv_transpose2d(
        x, kernel.expand(channels, -1, -1, -1), stride=stride, groups=channels
    )


def _fuse(up: Tensor, skip: Tensor, offset: int) -> Tensor:
    """Sum of two (N, C, ., .) maps of equal stride after the crop that registers them."""
    if offset >= 0:
        skip = skip[..., offset:, offset:]
    else:
        up = up[..., -offset:, -offset:]
    # Each cut to the other: min() would be decided while tracing, for one size.
    (h, w), (height, width) = up.shape[-2:], skip.shape[-2:]
    return up[..., :height, :width] + skip[..., :h, :w]


@MODELS.register_module()
class FCN8sHead(BaseDecodeHead):
    """FCN-8s head for :class:`VGG16FCN`.

    ``forward`` does not know the size of the image. Its logits start at pixel (0, 0) and extend
    past the right and lower edge (by at most 32 + ``pad`` px); ``loss`` and ``predict`` crop
    them to the label or the image, and never resize.

    Scores start at zero, as published (Caffe's default filler), whence the first loss is exactly
    log(num_classes). For another start pass ``init_cfg``, e.g.
    ``dict(type='Normal', std=0.01, layer='Conv2d')``.

    Args:
        in_channels (Sequence[int]): Widths of (pool3, pool4, drop7).
        channels (int, optional): Must equal the last of ``in_channels``, its default.
        pad (int): ``pad`` of the backbone; at least ``vgg16_fcn_min_pad(fc6_pad)``.
        fc6_pad (int): ``fc6_pad`` of the backbone.
        skip_scales (Sequence[float]): Fixed factors for (pool3, pool4), in that order.
            (1, 1) as in voc-fcn8s; voc-fcn8s-atonce uses (1e-4, 1e-2).
        **kwargs: Of mmseg's ``BaseDecodeHead``: ``num_classes``, ``loss_decode``, ...

    Shape:
        - Input: tuple (pool3, pool4, drop7) of (N, C_i, h_i, w_i).
        - Output: (N, num_classes, H', W') logits, H' >= H, W' >= W.

    Raises:
        ValueError: an argument out of range; in ``loss`` and ``predict``, a label or image size
            that cannot have produced these logits.
    """

    def __init__(
        self,
        in_channels: Sequence = (256, 512, 4096),
        channels: int | None = None,
        *,
        pad: int = 100,
        fc6_pad: int = 0,
        skip_scales: Sequence = (1.0, 1.0),
        dropout_ratio: float = 0.0,
        init_cfg: dict | None = None,
        **kwargs,
    ):
        in_channels = tuple(in_channels)
        if len(in_channels) != 3:
            raise ValueError(
                f'in_channels={in_channels!r} must be three widths: (pool3, pool4, drop7)'
            )
        if channels not in (None, in_channels[-1]):
            raise ValueError(
                f'channels={channels!r} must equal the last of in_channels={in_channels!r}'
            )
        if len(skip_scales) != 2:
            raise ValueError(f'skip_scales={skip_scales!r} must be two numbers: (pool3, pool4)')
        offsets = fcn8s_crop_offsets(pad, fc6_pad)  # checks pad and fc6_pad
        names = ('conv_seg', 'score_pool3', 'score_pool4')
        super().__init__(
            in_channels,
            in_channels[-1],
            in_index=kwargs.pop('in_index', (0, 1, 2)),
            input_transform='multiple_select',
            dropout_ratio=dropout_ratio,
            init_cfg=init_cfg
            or dict(type='Constant', val=0, override=[dict(name=name) for name in names]),
            **kwargs,
        )
        self.pad = pad
        self.fc6_pad = fc6_pad
        self._offsets = offsets
        self.skip_scales = tuple(skip_scales)
        self.score_pool3 = nn.Conv2d(in_channels[0], self.out_channels, 1)
        self.score_pool4 = nn.Conv2d(in_channels[1], self.out_channels, 1)
        self.register_buffer('kernel2', bilinear_kernel(2), persistent=False)
        self.register_buffer('kernel8', bilinear_kernel(8), persistent=False)

    def forward(self, inputs: tuple) -> Tensor:
        """(pool3, pool4, drop7) -> logits from pixel (0, 0) on; see the class docstring."""
        pool3, pool4, top = self._transform_inputs(inputs)
        offset4, offset3, offset = self._offsets
        # Scaling the scores' input, not the scores: the bias is not scaled in the original.
        skip3 = self.score_pool3(pool3 * self.skip_scales[0])
        skip4 = self.score_pool4(pool4 * self.skip_scales[1])
        x = _fuse(upsample_fixed(self.cls_seg(top), self.kernel2, 2), skip4, offset4)
        x = _fuse(upsample_fixed(x, self.kernel2, 2), skip3, offset3)
        return upsample_fixed(x, self.kernel8, 8)[..., offset:, offset:]

    def loss_by_feat(self, seg_logits: Tensor, batch_data_samples: list) -> dict:
        """Crop the logits to the labels, then mmseg's loss (its resize is then the identity)."""
        size = tuple(batch_data_samples[0].gt_sem_seg.data.shape[-2:])
        if not self._can_be(size, seg_logits):
            self._raise_size(f'gt_sem_seg of {size}', seg_logits)
        return super().loss_by_feat(self.at_size(seg_logits, size), batch_data_samples)

    def at_size(self, seg_logits: Tensor, size) -> Tensor:
        """Logits of an image of ``size`` (H, W), cut to it, as predictions are."""
        return seg_logits[..., : size[0], : size[1]]

    def predict_by_feat(self, seg_logits: Tensor, batch_img_metas: list) -> Tensor:
        """Crop the logits to the image that went in: (N, C, H, W).

        The head must find that size in the metadata of the first image. mmseg writes the size
        of the window to ``img_shape`` (a ``torch.Size``) in slide mode; otherwise the network
        saw ``pad_shape``, where there is one. Padding a batch makes ``img_shape`` a
        ``torch.Size`` as well, of the image before padding, hence the check with
        ``padding_size``. A size that cannot have produced these logits is passed over.
        """
        meta = batch_img_metas[0]
        img = tuple(meta['img_shape'][:2])
        sizes = [img]
        if meta.get('pad_shape') is not None:
            padded = tuple(meta['pad_shape'][:2])
            left, right, top, bottom = meta.get('padding_size') or (0, 0, 0, 0)
            is_window = isinstance(meta['img_shape'], torch.Size) and padded != (
                img[0] + top + bottom,
                img[1] + left + right,
            )
            sizes = [img, padded] if is_window else [padded, img]
        for size in sizes:
            if self._can_be(size, seg_logits):
                return self.at_size(seg_logits, size)
        self._raise_size(f'img_shape or pad_shape of {sizes}', seg_logits)

    def _can_be(self, size: tuple, seg_logits: Tensor) -> bool:
        """Whether an image of ``size`` gives logits of this size."""
        return all(
            self._logits_length(length) == logits
            for length, logits in zip(size, seg_logits.shape[-2:], strict=True)
        )

    def _logits_length(self, length: int) -> int:
        """Rows (or columns) of ``forward``'s logits for an image with ``length`` of them."""
        offset4, offset3, offset = self._offsets
        inner = length + 2 * self.pad - 2
        pool3, pool4, pool5 = (-(-inner // stride) for stride in (8, 16, 32))

        def fuse(up, skip, shift):
            return min(up + min(shift, 0), skip - max(shift, 0))

        x = fuse(2 * (pool5 + 2 * self.fc6_pad - 6) + 2, pool4, offset4)
        x = fuse(2 * x + 2, pool3, offset3)
        return 8 * x + 8 - offset

    def _raise_size(self, what: str, seg_logits: Tensor):
        raise ValueError(
            f'{what} px cannot have produced logits of {tuple(seg_logits.shape[-2:])} px with '
            f'pad={self.pad} and fc6_pad={self.fc6_pad}; image and label must have one size, '
            'and pad and fc6_pad must be those of the backbone'
        )
