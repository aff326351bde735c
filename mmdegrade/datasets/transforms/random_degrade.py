"""``RandomDegrade``: one of several degradations for each image, or none."""

from collections.abc import Mapping

from mmengine.registry import TRANSFORMS

from mmdegrade.degradations import Request

from .degrade_base import DegradeBase, describe, request_key


@TRANSFORMS.register_module()
class RandomDegrade(DegradeBase):
    """Degrade each image by one of several choices, drawn by weight.

    Draws depend on (seed, draw number, image, choices) alone, as those of ``Degrade``.

    Example::

        dict(type='RandomDegrade', prob=0.5, choices=[         # half of the images stay clean
            dict(kind='gblur', degree=[1, 2, 3, 4, 5]),        # a degree drawn evenly
            dict(kind='awgn', sigma=dict(low=0, high=75)),     # sigma ~ U(0, 75)
            dict(chain=[dict(kind='haze', degree=2), dict(kind='awgn', degree=1)], weight=0.5),
        ])

    Args:
        choices (list[dict]): What may be drawn: the arguments of a ``Degrade`` (``kind``,
            ``degree``, ``preset``, parameters), or ``chain``, a list of such dicts applied one
            after the other. ``weight`` (1 unless given) says how often, relative to the others.
        prob (float): Probability of degrading; the rest stays clean. Defaults to 1.
        keep_clean (bool): Keep the clean image as ``results['clean_img']``. Defaults to False.
        seed (int): Seed of the draws. Defaults to 0.
        on_device (bool): As in ``Degrade``. Defaults to False.

    Raises:
        TypeError: ``choices`` is no list.
        ValueError: No choices, a weight below 0, all of them 0, or what ``Degrade`` refuses;
            the message says which choice.
    """

    def __init__(
        self,
        choices,
        prob: float = 1.0,
        keep_clean: bool = False,
        seed: int = 0,
        on_device: bool = False,
    ) -> None:
        self.seed = seed
        self._set(prob, keep_clean, on_device)
        if isinstance(choices, (str, Mapping)):
            raise TypeError(f'RandomDegrade: choices={choices!r} must be a list of dict(kind=…)')
        if not choices:
            raise ValueError('RandomDegrade: choices is empty; give at least one dict(kind=…)')
        weights, self.chains = [], []
        for place, choice in enumerate(choices):
            try:
                weight, chain = _read_choice(dict(choice))
            except (TypeError, ValueError) as error:
                raise type(error)(f'RandomDegrade: choices[{place}]={choice}: {error}') from error
            weights.append(weight)
            self.chains.append(chain)
        if sum(weights) == 0:
            raise ValueError('RandomDegrade: the weights of all choices are 0')
        self.shares = [weight / sum(weights) for weight in weights]

    def _key(self) -> tuple:
        chains = [tuple(map(request_key, chain)) for chain in self.chains]
        return ('random', repr(list(zip(chains, self.shares, strict=True))))

    def _requests(self, rng) -> tuple[Request, ...]:
        return self.chains[rng.choice(len(self.chains), p=self.shares)]

    def __repr__(self) -> str:
        choices = '; '.join(' + '.join(map(describe, chain)) for chain in self.chains)
        return (
            f'RandomDegrade({choices}, shares={self.shares}, prob={self.prob}, '
            f'keep_clean={self.keep_clean}, seed={self.seed})'
        )


def _read_choice(choice: dict) -> tuple[float, tuple[Request, ...]]:
    weight = choice.pop('weight', 1)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < 1e9:
        raise ValueError(f'weight={weight!r} must be a number, 0 or more')
    chain = choice.pop('chain', None)
    if chain is None:
        chain = [choice]
    elif choice or not chain:
        raise ValueError('chain must hold at least one dict(kind=…), and stand alone with weight')
    return weight, tuple(_read_request(dict(link)) for link in chain)


def _read_request(link: dict) -> Request:
    named = {name: link.pop(name, None) for name in ('kind', 'degree', 'preset')}
    return Request(**named, params=link)
