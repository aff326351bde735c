"""Reading metrics that a test left, and tables of them."""

import json

import pytest

from mmdegrade.apis import find_test_metrics, markdown_table, read_test_metrics


def leave_metrics(folder, time, value):
    (folder / time).mkdir(parents=True)
    (folder / time / f'{time}.json').write_text(json.dumps(dict(mIoU=value)))


def test_the_latest_finished_test_counts(tmp_path):
    leave_metrics(tmp_path, '20260101_120000', 10.0)
    leave_metrics(tmp_path, '20260102_110000', 20.0)
    (tmp_path / '20260103_000000' / 'vis_data').mkdir(parents=True)  # one that was stopped
    (tmp_path / '20260103_000000' / 'vis_data' / 'scalars.json').write_text('{}')
    assert read_test_metrics(tmp_path) == dict(mIoU=20.0)


def test_no_finished_test(tmp_path):
    assert find_test_metrics(tmp_path / 'nothing') is None
    with pytest.raises(FileNotFoundError, match='tools/test.py'):
        read_test_metrics(tmp_path)


def test_table_is_aligned():
    table = markdown_table(
        ('net', 'mIoU', 'n'), [('fine-tune', 48.25, 500), ('x', float('nan'), 1)]
    )
    assert table.splitlines() == [
        '| net       | mIoU |   n |',
        '| --------- | ---: | --: |',
        '| fine-tune | 48.2 | 500 |',
        '| x         |    – |   1 |',
    ]
    with pytest.raises(ValueError, match='2 values'):
        markdown_table(('a', 'b'), [('c',)])
