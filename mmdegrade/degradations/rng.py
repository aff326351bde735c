"""Random generators that depend on a key only: not on the worker, the rank or the order.

``keyed_rng(seed, epoch, path, kind, degree)`` gives the same numbers in every process, so an image
is degraded the same way whichever worker meets it first. SFC64 because it is the fastest generator
NumPy ships (about twice the rate of Philox, the usual choice for keys); the key is hashed, so
generators of neighbouring keys are unrelated.
"""

import hashlib
import numbers
import operator
import struct

import numpy as np

# Part of what is hashed. Change it only to change every draw on purpose.
_DOMAIN = b'mmdegrade.keyed_rng/1'


def _encode(part) -> bytes:
    """Tag, length and payload, so that no two different keys give the same bytes."""
    if part is None:
        tag, payload = b'n', b''
    elif isinstance(part, (bool, np.bool_)):
        tag, payload = b'b', b'1' if part else b'0'
    elif isinstance(part, numbers.Integral):
        tag, payload = b'i', str(operator.index(part)).encode('ascii')
    elif isinstance(part, numbers.Real):
        tag, payload = b'f', struct.pack('>d', float(part) + 0.0)  # + 0.0 turns -0.0 into 0.0
    elif isinstance(part, str):
        # surrogatepass: a path that is not valid UTF-8 reaches Python as lone surrogates.
        tag, payload = b's', part.encode('utf-8', 'surrogatepass')
    elif isinstance(part, (bytes, bytearray)):
        tag, payload = b'y', bytes(part)
    else:
        raise TypeError(
            'keyed_rng: a key holds ints, floats, strings, bytes, bools or None, '
            f'got {type(part).__name__} ({part!r:.80})'
        )
    return tag + struct.pack('>Q', len(payload)) + payload


def keyed_rng(*key) -> np.random.Generator:
    """Build a generator whose stream is a function of ``key`` alone.

    Args:
        *key: ints, floats, strings, bytes, bools and None, in any number. Types count: ``1``,
            ``1.0``, ``True`` and ``'1'`` are four keys; so are ``('a', 'bc')`` and ``('ab', 'c')``
            two. NumPy scalars count as the Python number they hold.

    Returns:
        A fresh SFC64 generator. Its raw stream is the same on every platform, Python and NumPy
        version; NumPy may change how a distribution is drawn from it (NEP 19).

    Raises:
        TypeError: a part of another type (a list, an array, a path object: pass ``str(path)``).
    """
    digest = hashlib.blake2b(_DOMAIN, digest_size=32)
    for part in key:
        digest.update(_encode(part))
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest.digest(), 'big')))


def as_generator(rng) -> np.random.Generator:
    """Turn what callers pass as ``rng`` into a generator.

    Args:
        rng: a `numpy.random.Generator` (returned as it is, so draws advance it), a non-negative
            int seed, or None for unpredictable numbers.

    Raises:
        TypeError: anything else, the legacy `numpy.random.RandomState` included.
        ValueError: a negative seed.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None:
        return np.random.default_rng()
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool):
        if rng < 0:
            raise ValueError(f'rng: a seed must be 0 or more, got {rng}')
        return np.random.default_rng(operator.index(rng))
    hint = ''
    if isinstance(rng, np.random.RandomState) or rng is np.random:
        hint = '; the legacy RandomState is slower and its streams differ: use np.random.Generator'
    raise TypeError(
        f'rng must be a numpy.random.Generator, an int seed or None, got {type(rng).__name__}{hint}'
    )
