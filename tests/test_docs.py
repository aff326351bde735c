"""What the documents list is what there is."""

import re
from pathlib import Path

import pytest

from mmdegrade.degradations import KINDS, PRESETS

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize('document', ['README.md', 'docs/degradations.md'])
def test_every_kind_and_preset_is_listed(document):
    text = (ROOT / document).read_text(encoding='utf-8')
    listed = set(re.findall(r'`([a-z0-9_-]+)`', text))
    assert not set(KINDS) - listed
    assert not set(PRESETS) - listed


def test_the_number_of_kinds_in_the_readme():
    assert f'{len(KINDS)} kinds' in (ROOT / 'README.md').read_text(encoding='utf-8')


PAGES = [
    page.relative_to(ROOT).as_posix()
    for page in sorted((ROOT / 'docs').rglob('*.md'))
    if '_build' not in page.parts
]


@pytest.mark.parametrize('document', ['README.md', 'CONTRIBUTING.md', *PAGES])
def test_tools_and_files_named_in_documents_exist(document):
    text = (ROOT / document).read_text(encoding='utf-8')
    for name in re.findall(
        r'\b((?:tests|tools|docs|configs|benchmarks|mmdegrade)/[\w./-]+\.(?:py|md|sh))', text
    ):
        assert (ROOT / name).is_file(), f'{document} names {name}'
