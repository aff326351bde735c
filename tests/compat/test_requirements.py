"""A missing, old or unimportable package is answered with one sentence and a command."""

import importlib
import importlib.util
from importlib import metadata

import pytest

from mmdegrade.compat import requirements
from mmdegrade.compat.requirements import Requirement, check_requirements, installed_version


@pytest.fixture
def fake_package(tmp_path, monkeypatch):
    """Function that puts an importable package of any name and version on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, version_file="__version__ = '0.1.2'\n", init=''):
        (tmp_path / name).mkdir()
        (tmp_path / name / '__init__.py').write_text(init)
        if version_file is not None:
            (tmp_path / name / 'version.py').write_text(version_file)
        importlib.invalidate_caches()

    return make


def _require(monkeypatch, *wanted):
    monkeypatch.setattr(requirements, 'REQUIREMENTS', wanted)


def test_the_real_environment_passes():
    check_requirements()


def test_real_versions_are_what_the_modules_say():
    for requirement in requirements.REQUIREMENTS:
        module = importlib.import_module(requirement.module)
        assert installed_version(requirement) == module.__version__


def test_missing_package_names_the_command(monkeypatch):
    _require(monkeypatch, Requirement('mm_absent', (1, 2), ('onedl-mm-absent', 'mm-absent')))
    with pytest.raises(ImportError) as caught:
        check_requirements()
    text = str(caught.value)
    assert "'mm_absent' (>= 1.2), which is not installed" in text
    assert "pip install -e '.[onedl]'" in text
    assert "pip install 'onedl-mm-absent>=1.2'" in text
    assert '\n' not in text


def test_old_package_is_upgraded_under_the_name_it_was_installed(monkeypatch, fake_package):
    fake_package('mm_old')

    def version(name):
        if name == 'mm-old':
            return '0.1.2'
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, 'version', version)
    _require(monkeypatch, Requirement('mm_old', (0, 10), ('onedl-mm-old', 'mm-old')))
    with pytest.raises(ImportError, match=r"'mm_old' >= 0\.10, but 0\.1\.2 is installed") as caught:
        check_requirements()
    # Not the twin distribution, which would overwrite its files.
    assert "pip install 'mm-old>=0.10'" in str(caught.value)
    assert 'onedl-mm-old' not in str(caught.value)


def test_versions_are_compared_as_numbers(monkeypatch, fake_package):
    fake_package('mm_ten', "__version__ = '0.10.0'\n")
    _require(monkeypatch, Requirement('mm_ten', (0, 9), ('mm-ten',)))
    check_requirements()


def test_version_is_read_without_importing(fake_package):
    fake_package('mm_broken', init='raise RuntimeError("imported")\n')
    assert installed_version(Requirement('mm_broken', (0, 1), ('x',))) == '0.1.2'


def test_version_from_metadata_where_the_file_computes_it(monkeypatch, fake_package):
    fake_package('mm_meta', 'from somewhere import version\n__version__ = version()\n')
    monkeypatch.setattr(metadata, 'version', lambda name: '3.4.5')
    assert installed_version(Requirement('mm_meta', (0, 1), ('onedl-mm-meta',))) == '3.4.5'


def test_unknown_version_is_given_the_benefit_of_the_doubt(monkeypatch, fake_package):
    fake_package('mm_mute', version_file=None)
    _require(monkeypatch, Requirement('mm_mute', (9, 9), ('mm-mute-no-such',)))
    check_requirements()


def test_folder_without_init_is_not_a_package(tmp_path, monkeypatch):
    (tmp_path / 'mm_stray').mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert installed_version(Requirement('mm_stray', (0, 1), ('mm-stray',))) is None


def test_mmseg_refusing_mmcv_becomes_one_sentence(monkeypatch):
    def refuse(name):
        raise AssertionError('MMCV==2.2.0 is used but incompatible.\nPlease install mmcv>=2.0.0rc4')

    monkeypatch.setattr(requirements.importlib, 'import_module', refuse)
    with pytest.raises(ImportError) as caught:
        check_requirements()
    text = str(caught.value)
    assert 'MMCV==2.2.0 is used but incompatible.' in text
    assert "pip install -e '.[onedl]'" in text and '\n' not in text


@pytest.mark.parametrize(
    ('mmseg', 'ops', 'refused'),
    [('1.2.2', False, True), ('1.2.2', True, False), ('1.4.2', False, False), ('', False, False)],
)
def test_the_original_mmseg_without_compiled_operations(monkeypatch, mmseg, ops, refused):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        requirements.importlib.util,
        'find_spec',
        lambda name: (object() if ops else None) if name == 'mmcv._ext' else find_spec(name),
    )
    _require(monkeypatch)
    monkeypatch.setattr(requirements, 'installed_version', lambda requirement: mmseg)
    if not refused:
        return check_requirements()
    with pytest.raises(ImportError, match="mmseg 1.2.2 .*mmcv-lite.*pip install 'mmcv") as caught:
        check_requirements()
    assert "pip install -e '.[onedl]'" in str(caught.value) and '\n' not in str(caught.value)
