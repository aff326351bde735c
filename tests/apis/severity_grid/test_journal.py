"""What is kept on disk: nothing lost by a cut line, nothing taken up that does not belong."""

import errno

import numpy as np
import pytest

from mmdegrade.apis.severity_grid.journal import FOLDER, Journal, Record

COUNTS = np.array([[0, 5, 6, 7], [3, 1, 2, 1]], np.int32)
KEYS = [('m', 'c', 'i'), ('m', 'c', 'j'), ('m', 'd', 'i')]


def fill(folder, keys=KEYS, **quality):
    journal = Journal(folder)
    for key in keys:
        journal.add(key, Record(COUNTS, quality.get('psnr', 20.5), quality.get('ssim')))
    journal.close()
    return journal


def taken_up(folder, models='m', cells='cd', images='ij') -> Journal:
    journal = Journal(folder)
    journal.read(models, cells, images)
    return journal


def test_round_trip(tmp_path):
    fill(tmp_path, ssim=0.25)
    records = taken_up(tmp_path).records
    assert set(records) == set(KEYS)
    record = records[KEYS[0]]
    assert np.array_equal(record.counts, COUNTS) and record.counts.dtype == np.int32
    assert (record.psnr, record.ssim) == (20.5, 0.25)


def test_other_models_cells_and_images_stay_where_they_are(tmp_path):
    fill(tmp_path)
    assert set(taken_up(tmp_path, cells='c', images='i').records) == {KEYS[0]}
    assert not taken_up(tmp_path, models='x').records


def test_a_cut_line_is_left_out(tmp_path):
    fill(tmp_path)
    (file,) = (tmp_path / FOLDER).glob('*.jsonl')
    text = file.read_text()
    for end in (1, 10, 60):
        file.write_text(text[:-end])
        assert set(taken_up(tmp_path).records) == {*KEYS[:2]} | ({KEYS[2]} if end == 1 else set())
    file.write_bytes(b'\xff\xfe\n[1]\n{}\n' + text.encode())
    assert set(taken_up(tmp_path).records) == set(KEYS)


def test_every_process_has_a_file_of_its_own(tmp_path):
    fill(tmp_path, KEYS[:1])
    fill(tmp_path, KEYS[1:])
    assert len(list((tmp_path / FOLDER).glob('*.jsonl'))) == 2
    assert set(taken_up(tmp_path).records) == set(KEYS)


def test_what_other_processes_did_is_taken_over(tmp_path):
    first, second = fill(None, KEYS[:1]), fill(None, KEYS[1:])
    first.merge([first.new, second.new])
    assert set(first.records) == set(KEYS)


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(None)
    assert not list(tmp_path.iterdir())


class FullDisk:
    """A file that has room for one line."""

    def __init__(self, file):
        self.file, self.lines = file, 0
        self.fileno = file.fileno

    def write(self, text):
        if self.lines == 1:
            self.file.write(text[:7])
            raise OSError(errno.ENOSPC, 'No space left on device')
        self.lines += 1
        return self.file.write(text)

    def flush(self):
        self.file.flush()

    def close(self):
        self.file.close()
        raise OSError(errno.ENOSPC, 'No space left on device')


def test_a_full_disk_loses_nothing(tmp_path):
    journal = Journal(tmp_path)
    journal.add(KEYS[0], Record(COUNTS, None, None))
    journal._file = FullDisk(journal._file)
    journal.add(KEYS[1], Record(COUNTS, None, None))
    with pytest.raises(OSError, match=r'No space left.* 2 predictions are kept; make room') as info:
        journal.add(KEYS[2], Record(COUNTS, None, None))
    assert info.value.errno == errno.ENOSPC
    journal.close()
    assert set(taken_up(tmp_path).records) == set(KEYS[:2])
    fill(tmp_path, KEYS[2:])
    assert set(taken_up(tmp_path).records) == set(KEYS)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='cannot write to'):
        fill(tmp_path / 'file')
