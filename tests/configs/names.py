"""What the name of a config says: `{network}_{dataset}[_{method}][_{kind}_d{degree}]`."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[2] / 'configs'
#: Configs of the demonstration and of DGN. Those of other methods, and DGN's on restored images,
#: follow rules of their own: tests/configs/test_{restored,…}.py.
LEAVES = sorted(
    p
    for folder in ('demo', 'dgn')
    for p in (ROOT / folder).rglob('*.py')
    if 'restored' not in p.parts
)
BY_NAME = {path.stem: path for path in LEAVES}

#: Network -> (backbone, depth or None, head).
NETWORKS = {
    'cgnet': ('CGNet', None, 'FCNHead'),
    'deeplabv2': ('ResNet', 101, 'DeepLabV2Head'),
    'deeplabv3plus': ('ResNetV1c', 101, 'DepthwiseSeparableASPPHead'),
    'dla34': ('DLA', 34, 'DLAUpHead'),
    'encnet': ('ResNetV1c', 101, 'EncHead'),
    'fcn8s': ('VGG16FCN', None, 'FCN8sHead'),
    'fpn': ('ResNet', 18, 'FPNHead'),
    'pspnet': ('ResNetV1c', 101, 'PSPHead'),
    'refinenet': ('ResNet', 101, 'RefineNetHead'),
    'street': ('ResNet', 18, 'FPNHead'),  # of the demonstration, named after its data
}
DATASETS = {
    'camvid': 'CamVidDataset',
    'cityscapes': 'CityscapesDataset',
    'scenes': 'StreetScenesDataset',
    'sunrgbd': 'SUNRGBDDataset',
    'voc': 'PascalVOCDataset',
}
KINDS = ('gblur', 'mblur', 'saltpepper', 'haze')
PLAIN = ('clean', 'finetune', 'cd', 'ewc', 'rho01', 'rho001', 'rho0')
WRAPPED = ('', 'paired', 'mse', 'linear', 'gaussian', 'layerwise', 'b2', 'b3', 'b5', 'b6')
_NAME = re.compile(
    r'(?P<network>[a-z0-9]+)_(?P<dataset>[a-z]+?)(?:_(?P<method>{methods}))?'
    r'(?:_(?P<kind>{kinds})_d(?P<degree>\d)|_(?P<real>real_haze))?'.format(
        methods='|'.join(m for m in (*PLAIN, *WRAPPED) if m), kinds='|'.join(KINDS)
    )
)


@dataclass(frozen=True)
class Name:
    """The parts of a name; method '' is DGN, kind None is clean."""

    network: str
    dataset: str
    method: str
    kind: str | None
    degree: int | None
    real_haze: bool

    @property
    def trained(self) -> str:
        """What has a clean checkpoint: network and dataset."""
        return f'{self.network}_{self.dataset}'


@cache
def parse(name: str) -> Name:
    """Take a name apart.

    Raises:
        ValueError: It does not follow the rule.
    """
    found = _NAME.fullmatch(name)
    if not found or found['network'] not in NETWORKS or found['dataset'] not in DATASETS:
        raise ValueError(f'{name} does not follow {{network}}_{{dataset}}_{{method}}_{{kind}}_dN')
    part = found.groupdict()
    degree = int(part['degree']) if part['degree'] else None
    return Name(
        part['network'], part['dataset'], part['method'] or '', part['kind'], degree,
        bool(part['real']),
    )  # fmt: skip


@cache
def load(path: Path) -> Config:
    """Read a config, once a process; callers must not change it."""
    return Config.fromfile(path)
