"""Dense-Gram Network (DGN): adapt a clean-trained segmentor to degraded images.

Paper: Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020.
A frozen copy of the clean-trained network (source) and the network being trained (target) both
see the degraded image; the Gram matrices of their inner blocks are matched (Eq. 5). Variant
"paired" (DGN + C&D in the paper): the source sees the clean image instead.

Deviations: softmax cross-entropy by default, mean over pixels; layers are named by ``taps``.
"""

from mmengine.config import ConfigDict
from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.models import BaseSegmentor
from mmseg.registry import MODELS
from torch import Tensor

from ..clean_checkpoint import load_clean_checkpoint
from ..data_preprocessor import paired_preprocessor, stack_clean
from ..inference_graph import inference_tensors
from ..taps import FeatureTap
from ..teacher import FrozenTeacher


@MODELS.register_module()
class DenseGramSegmentor(BaseSegmentor):
    """Train any mmseg segmentor with the Dense-Gram loss.

    Inference runs the wrapped segmentor alone; ``tools/export_segmentor.py`` writes it as a
    plain mmseg checkpoint.

    Args:
        segmentor (dict): Config of any mmseg segmentor, untouched.
        clean_checkpoint (str): Clean-trained weights of it. Source and target both start there.
        taps: The matched layers: ``'default'`` (the paper's rule, for backbones we know),
            ``'out_indices'``, module names or patterns, or a mapping from block to these (see
            :func:`mmdegrade.models.taps.resolve_taps`). With ``tap``, a mapping from alternative
            to any of these.
        tap (str, optional): Which alternative of ``taps`` to use, e.g. ``'relu'`` or ``'conv'``.
        loss_gram (dict): Config of the loss on (source maps, target maps). Defaults to
            ``DenseGramLoss`` with λ = 0.1.
        source_input (str): ``'degraded'`` (DGN) or ``'clean'`` (paired: the pipeline needs
            ``Degrade(keep_clean=True)`` and ``PackDegradeInputs``). Defaults to 'degraded'.
        source_dtype (str): ``'float32'`` or ``'bfloat16'``: a cheaper source, with features that
            differ by less than a hundredth. Defaults to 'float32'.
        data_preprocessor (dict, optional): Defaults to the segmentor's own. mmseg's stock one is
            replaced by ``DegradeDataPreprocessor``, which is the same but for clean images.

    Log: ``loss_gram`` is λ Σ L_b and is optimised; ``gram.<block>`` is each unweighted L_b.

    Raises:
        ValueError: Wrong ``source_*``, ``tap`` or ``taps``; a checkpoint that does not fit.
        FileNotFoundError: No clean checkpoint; raised before training starts.
    """

    def __init__(
        self,
        segmentor: dict,
        clean_checkpoint: str,
        taps='out_indices',
        tap: str | None = None,
        loss_gram: dict | None = None,
        source_input: str = 'degraded',
        source_dtype: str = 'float32',
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        if source_input not in ('degraded', 'clean'):
            raise ValueError(
                f"model.source_input={source_input!r}; allowed: 'degraded' (DGN), 'clean' (paired)"
            )
        if tap is not None:
            if not isinstance(taps, dict) or tap not in taps:
                allowed = sorted(taps) if isinstance(taps, dict) else 'taps is not a mapping'
                raise ValueError(f'model.tap={tap!r}; allowed: {allowed}')
            taps = taps[tap]
        super().__init__(
            data_preprocessor=paired_preprocessor(segmentor, data_preprocessor),
            init_cfg=init_cfg,
        )
        self.clean_checkpoint = clean_checkpoint
        self.source_input = source_input
        self.segmentor = MODELS.build(ConfigDict(segmentor))
        self.source = FrozenTeacher(segmentor, clean_checkpoint, taps, dtype=source_dtype)
        self.loss_gram = ROOT_MODELS.build(loss_gram or dict(type='DenseGramLoss'))
        self._tap = FeatureTap(self.segmentor, taps)

    def init_weights(self) -> None:
        """Start source and target from the clean checkpoint."""
        self.source.init_weights()
        load_clean_checkpoint(self.segmentor, self.clean_checkpoint)
        self._is_init = True

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Segmentation losses of the wrapped segmentor, plus ``loss_gram`` and ``gram.*``."""
        losses = self.segmentor.loss(inputs, data_samples)
        target = self._tap.read()
        source_inputs = inputs if self.source_input == 'degraded' else stack_clean(data_samples)
        source = self.source.features(source_inputs)
        losses['loss_gram'], blocks = self.loss_gram(source, target)
        losses.update({f'gram.{block}': value for block, value in blocks.items()})
        return losses

    def predict(self, inputs: Tensor, data_samples: list | None = None) -> list:
        """Predictions of the wrapped segmentor."""
        try:
            return self.segmentor.predict(inputs, data_samples)
        finally:
            self._tap.clear()

    def _forward(self, inputs: Tensor, data_samples: list | None = None):
        try:
            return self.segmentor._forward(inputs, data_samples)
        finally:
            self._tap.clear()

    def inference_tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """What the wrapped segmentor gives; see :mod:`mmdegrade.models.inference_graph`."""
        try:
            return inference_tensors(self.segmentor, inputs)
        finally:
            self._tap.clear()

    def extract_feat(self, inputs: Tensor):
        """Backbone (and neck) features of the wrapped segmentor."""
        try:
            return self.segmentor.extract_feat(inputs)
        finally:
            self._tap.clear()

    def encode_decode(self, inputs: Tensor, batch_data_samples: list):
        """Full-size logits of the wrapped segmentor, N×K×H×W."""
        try:
            return self.segmentor.encode_decode(inputs, batch_data_samples)
        finally:
            self._tap.clear()
