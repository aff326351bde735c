"""What the pages are made of: sections of READMEs, links, and the configs of the method pages."""

import importlib.util
import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmseg.registry import MODELS

import mmdegrade.engine  # noqa: F401  registers StagedTrainLoop
from mmdegrade.engine.loops import Stage
from tests.tiny import fcn_r18

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / 'docs'
PAGES = sorted(page for page in DOCS.rglob('*.md') if '_build' not in page.parts)
METHODS = sorted(path.stem for path in (DOCS / 'methods').glob('*.md') if path.stem != 'index')
SVG_LIMIT, PNG_LIMIT = 12_000, 300_000


@pytest.fixture(scope='module')
def extension():
    """The Sphinx extension, as a module; it needs Sphinx."""
    pytest.importorskip('sphinx')
    spec = importlib.util.spec_from_file_location(
        'from_repository', DOCS / '_ext' / 'from_repository.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sections(extension):
    text = '# T\n\nintro\n\n## A\n\n[x] a [y](z)\n\n### B\n\nb\n\n```\n## no\n```\n\n## C\n\nc\n\n'
    text += '[x]: h'
    assert list(extension.sections(text)) == ['', 'A', 'C']
    assert extension.choose(text, only=['A']).startswith('[x] a [y](z)\n\n#### B')
    assert extension.choose(text, only=['A']).endswith('[x]: h')
    assert extension.choose(text, leave_out=['A']) == '### C\n\nc'
    assert extension.choose(text).startswith('intro\n\n## A\n')
    with pytest.raises(ValueError, match="no section 'D'; there are: A, C"):
        extension.choose(text, only=['D'])


def test_links(extension):
    page, readme = DOCS / 'methods' / 'dgn.md', ROOT / 'configs' / 'dgn' / 'README.md'
    grid = DOCS / 'severity_grid.md'
    assert extension.link('../sdabn/README.md', readme, page) == './sdabn.md'
    assert extension.link('https://doi.org/1', readme, page) == 'https://doi.org/1'
    assert extension.link('cgnet_camvid_clean.py', readme, page) == (
        '../../configs/dgn/cgnet_camvid_clean.py'
    )
    assert extension.link('../configs/dgn/README.md#x', grid, grid) == './methods/dgn.md#x'
    assert extension.link('severity_grid_camvid.html', grid, grid) == (
        'page:./severity_grid_camvid.html'
    )
    assert extension.link('../_base_', readme, page) is None
    with pytest.raises(ValueError, match=r'configs/dgn/README.md links to nothing.md'):
        extension.link('nothing.md', readme, page)
    text = 'a [`b`](../sdabn) `[c](d)`\n\n```\n[e](f)\n```\n![g](h)'
    assert extension.relink(text, readme, page) == text.replace('../sdabn', './sdabn.md')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_every_fence_and_link_of_a_page_is_there(page, extension):
    text, used = extension.expand(page.read_text(encoding='utf-8'), page)
    assert '```{readme}' not in text and '```{modules}' not in text
    assert all(path.is_file() for path in used)
    for name in re.findall(r'!\[[^\]]*\]\(([^)]+)\)', text):
        assert (page.parent / name).is_file(), name


def test_every_page_is_in_a_toctree():
    listed = set()
    for page in PAGES:
        for block in re.findall(r'```\{toctree\}\n(.*?)```', page.read_text(), re.DOTALL):
            lines = [line for line in block.splitlines() if line and not line.startswith(':')]
            for line in lines:
                name = re.sub(r'.*<(.*)>', r'\1', line)
                listed.add((page.parent / f'{name}.md').resolve())
    assert listed == set(PAGES) - {DOCS / 'index.md'}


def test_figures_are_small_and_used():
    texts = ''.join(page.read_text(encoding='utf-8') for page in PAGES)
    figures = [path for path in (DOCS / 'figures').iterdir() if path.suffix in ('.svg', '.png')]
    assert {path.stem for path in figures} >= set(METHODS)
    for path in figures:
        assert f'figures/{path.name})' in texts
        assert path.stat().st_size < (SVG_LIMIT if path.suffix == '.svg' else PNG_LIMIT)


@pytest.mark.parametrize('method', METHODS)
def test_the_config_of_a_method_page_builds(method, tmp_path):
    """`In your own config`, around a network that stands for the reader's."""
    text = (DOCS / 'methods' / f'{method}.md').read_text(encoding='utf-8')
    (block,) = re.findall(r'```python\n(_base_.*?)```', text, re.DOTALL)
    plain = dict(model=fcn_r18(), train_cfg=dict(type='IterBasedTrainLoop', max_iters=1))
    Config(plain).dump(tmp_path / 'my_network.py')
    (tmp_path / 'config.py').write_text(block, encoding='utf-8')
    cfg = Config.fromfile(tmp_path / 'config.py')
    model = MODELS.build(cfg.model)
    children = dict(model.named_children())
    for stage in cfg.train_cfg.get('stages', ()):
        Stage(**stage)
        assert set(stage['train']) <= set(children), stage
    names = {name.partition('.')[0] for name, _ in model.named_parameters()}
    assert names & {'segmentor', 'S1', 'restorer'}
