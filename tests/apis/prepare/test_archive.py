"""Archives of every kind are read alike; damaged, unsafe and incomplete ones are refused."""

import io
import tarfile
import zipfile

import pytest

from mmdegrade.apis.prepare import prepare
from mmdegrade.apis.prepare.archive import Archive, read_members
from mmdegrade.apis.prepare.prepare import target_path, unpack

FILES = {'top/a.txt': b'alpha', 'top/deep/b.txt': b'beta' * 1000}


def make(path, files=FILES):
    """An archive of the kind that the name says, with a link beside the files."""
    if path.suffix == '.zip':
        with zipfile.ZipFile(path, 'w') as archive:
            for name, data in files.items():
                archive.writestr(name, data)
            link = zipfile.ZipInfo('top/link')
            link.external_attr = 0o120777 << 16
            archive.writestr(link, '/etc/passwd')
    elif '.t' in path.name:
        with tarfile.open(path, 'w:gz' if path.suffix in ('.gz', '.tgz') else 'w') as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo('top/link')
            link.type, link.linkname = tarfile.SYMTYPE, '/etc/passwd'
            archive.addfile(link)
    else:
        for name, data in files.items():
            (path / name.partition('/')[2]).parent.mkdir(parents=True, exist_ok=True)
            (path / name.partition('/')[2]).write_bytes(data)
    return path


KINDS = ['x.zip', 'x.tar', 'x.tgz', 'x.tar.gz', 'top']


@pytest.mark.parametrize('name', KINDS)
def test_every_kind(tmp_path, name):
    members = list(read_members_with_data(make(tmp_path / name)))
    assert {name: data for name, _, data, _ in members} == FILES
    assert all(size == len(FILES[name]) for name, size, _, _ in members)
    shares = [done for *_, done in members]
    assert shares == sorted(shares) and 0 < shares[-1] <= 1


def read_members_with_data(path):
    for member in read_members(path):
        yield member.name, member.size, member.data(), member.done


def keep(name):
    return name, None


@pytest.mark.parametrize('name', KINDS)
def test_unpacking_goes_on_where_it_stopped(tmp_path, name):
    path, out = make(tmp_path / name), tmp_path / 'out'
    assert unpack(path, keep, out) == 2
    assert (out / 'top/deep/b.txt').read_bytes() == FILES['top/deep/b.txt']
    (out / 'top/a.txt').unlink()
    assert unpack(path, keep, out) == 1 and unpack(path, keep, out) == 0
    assert not (out / 'top/link').exists()


def test_nothing_is_overwritten(tmp_path):
    path, out = make(tmp_path / 'x.zip'), tmp_path / 'out'
    unpack(path, keep, out)
    (out / 'top/a.txt').write_text('mine')
    with pytest.raises(FileExistsError, match=r'a\.txt is there with 4 bytes, x\.zip has 5'):
        unpack(path, keep, out)
    assert (out / 'top/a.txt').read_text() == 'mine'


@pytest.mark.parametrize('unsafe', ['../evil', '/evil', 'a/../../evil', 'C:\\evil', '..\\evil'])
@pytest.mark.parametrize('name', ['x.zip', 'x.tar'])
def test_unsafe_paths(tmp_path, name, unsafe):
    path = make(tmp_path / name, {unsafe: b'x'})
    with pytest.raises(ValueError, match='unsafe path'):
        unpack(path, keep, tmp_path / 'out' / 'deep')
    assert not list(tmp_path.rglob('evil'))
    with pytest.raises(ValueError, match='unsafe path'):
        target_path(tmp_path, unsafe)


def test_links_that_lead_out(tmp_path):
    path, out = make(tmp_path / 'x.zip'), tmp_path / 'out'
    (tmp_path / 'elsewhere').mkdir()
    out.mkdir()
    (out / 'top').symlink_to(tmp_path / 'elsewhere')
    with pytest.raises(ValueError, match='a link leads out of'):
        unpack(path, keep, out)
    assert not list((tmp_path / 'elsewhere').iterdir())


def test_links_of_a_folder_that_lead_out(tmp_path):
    """A stranger's clone must not bring a file of ours into the dataset."""
    path, out = make(tmp_path / 'top'), tmp_path / 'out'
    (tmp_path / 'secret.txt').write_text('mine')
    (path / 'leads_out.txt').symlink_to(tmp_path / 'secret.txt')
    (path / 'stays.txt').symlink_to(path / 'a.txt')
    (path / 'folder').symlink_to(tmp_path)
    assert unpack(path, keep, out) == 3
    assert (out / 'top/stays.txt').read_bytes() == b'alpha'
    assert not list(out.rglob('leads_out.txt')) and not list(out.rglob('secret.txt'))


@pytest.mark.parametrize('name', ['x.zip', 'x.tar'])
def test_a_few_bytes_that_say_they_are_many(tmp_path, monkeypatch, name):
    """A bomb is refused by its header, before it is read."""
    monkeypatch.setattr(prepare, 'MOST_BYTES', 50_000)
    path = tmp_path / name
    if name == 'x.zip':
        with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr('bomb', bytes(1_000_000))
    else:
        with tarfile.open(path, 'w') as archive:
            info = tarfile.TarInfo('bomb')
            info.size = 1_000_000
            archive.addfile(info, io.BytesIO(bytes(1_000_000)))
    with pytest.raises(ValueError, match=rf'{name}: bomb has 1,000,000 bytes; allowed: 50,000'):
        unpack(path, keep, tmp_path / 'out')
    assert not (tmp_path / 'out' / 'bomb').exists()


@pytest.mark.parametrize('name', ['x.zip', 'x.tgz'])
def test_damaged(tmp_path, name):
    path = make(tmp_path / name, {'a': bytes(range(256)) * 4000, 'b': b'x' * 9999})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=rf'{name} .*(damaged|incomplete)'):
        unpack(path, keep, tmp_path / 'out')
    path.write_bytes(b'<html>please log in</html>')
    with pytest.raises(ValueError, match=rf'{name} is no zip or tar archive \(26 bytes\)'):
        unpack(path, keep, tmp_path / 'out')


def test_a_zip_with_a_wrong_checksum(tmp_path):
    path = tmp_path / 'x.zip'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as archive:
        archive.writestr('a', b'good')
    path.write_bytes(path.read_bytes().replace(b'good', b'evil', 1))
    with pytest.raises(ValueError, match='damaged.*CRC'):
        unpack(path, keep, tmp_path / 'out')
    assert not (tmp_path / 'out' / 'a').exists()


def test_the_wrong_archive(tmp_path):
    with pytest.raises(ValueError, match='none of the files expected'):
        unpack(make(tmp_path / 'x.zip'), lambda name: None, tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='no such file'):
        unpack(tmp_path / 'absent.zip', keep, tmp_path / 'out')


def test_finding_and_size(tmp_path):
    big = Archive('big*.zip', 'https://example.org', least_bytes=1000)
    clone = Archive('Clone*', 'git', is_folder=True)
    path = tmp_path / 'big (1).zip'
    path.write_bytes(b'x' * 10)
    assert big.find([path]) == path == big.find([tmp_path])
    assert big.find([]) is None and clone.find([path]) is None
    with pytest.raises(ValueError, match='10 bytes, at least 1,000.*example.org'):
        big.check_size(path)
    (tmp_path / 'Clone-main').mkdir()
    assert (
        clone.find([tmp_path / 'Clone-main']) == tmp_path / 'Clone-main' == clone.find([tmp_path])
    )
