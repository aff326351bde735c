"""keyed_rng: stable over processes and versions, and unambiguous."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmdegrade.degradations import rng as rng_module
from mmdegrade.degradations.rng import as_generator, keyed_rng


def first(*key):
    return int(keyed_rng(*key).bit_generator.random_raw())


def test_first_draws_are_pinned():
    # Hard-coded on purpose: a change here changes every validation image anyone ever degraded.
    assert first(0) == 13372670492504899725
    assert first(7, 'train/0001.png', 'awgn', 3, None, 0.5, b'x') == 7156645100631003622
    assert isinstance(keyed_rng(0).bit_generator, np.random.SFC64)


def test_same_in_another_process_with_another_hash_seed():
    # The file is loaded by its path: the stream must not depend on what else was imported.
    code = (
        'import importlib.util as u;'
        f's = u.spec_from_file_location("r", {str(Path(rng_module.__file__))!r});'
        'm = u.module_from_spec(s); s.loader.exec_module(m);'
        'print(m.keyed_rng("a", 1, 2.5).bit_generator.random_raw())'
    )
    out = subprocess.run(
        [sys.executable, '-c', code], env={'PYTHONHASHSEED': '123'}, capture_output=True, text=True
    )
    assert out.returncode == 0, out.stderr
    assert int(out.stdout) == first('a', 1, 2.5)


def test_different_keys_differ():
    keys = [
        (), (None,), (0,), (1,), (-1,), (10,), (2**70,), ('1',), (b'1',), (1.0,), (1.5,), (True,),
        (False,), ('',), (b'',), ('None',), ('a', 'bc'), ('ab', 'c'), ('abc',), ('a', 'b', 'c'),
        (1, 2), (12,), (2, 1), (1, 2, None), ('a', ''), ('', 'a'), ('\udce9',), ('é',),
    ]  # fmt: skip
    firsts = [first(*key) for key in keys]
    for (key_a, a), (key_b, b) in itertools.combinations(zip(keys, firsts, strict=True), 2):
        assert a != b, (key_a, key_b)


def test_numpy_scalars_and_negative_zero_count_as_their_value():
    assert first(np.int32(5), np.float64(0.5), np.bool_(True)) == first(5, 0.5, True)
    assert first(-0.0) == first(0.0)


@pytest.mark.parametrize('part', [[1], (1,), np.zeros(2), Path('x'), {}, 1j])
def test_other_parts_are_refused(part):
    with pytest.raises(TypeError, match='keyed_rng: a key holds ints'):
        keyed_rng(1, part)


def test_as_generator():
    generator = np.random.default_rng(3)
    assert as_generator(generator) is generator
    assert as_generator(3).random() == as_generator(np.int64(3)).random() == generator.random()
    assert as_generator(None).random() != as_generator(None).random()
    with pytest.raises(
        TypeError, match='Generator, an int seed or None, got RandomState; .*legacy'
    ):
        as_generator(np.random.RandomState(0))
    for bad in ('0', 1.0, True):
        with pytest.raises(TypeError, match='rng must be a numpy.random.Generator'):
            as_generator(bad)
    with pytest.raises(ValueError, match='must be 0 or more, got -1'):
        as_generator(-1)
