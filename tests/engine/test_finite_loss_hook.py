"""A loss that is no number stops the training and is explained."""

from types import SimpleNamespace

import pytest
import torch
from mmseg.structures import SegDataSample

from mmdegrade.engine.hooks import FiniteLossHook

BATCH = dict(data_samples=[SegDataSample(metainfo=dict(img_path='train/bad.png'))])


def look(iteration, **outputs):
    outputs = {name: torch.tensor(value) for name, value in outputs.items()}
    FiniteLossHook(interval=5).after_train_iter(
        SimpleNamespace(iter=iteration), 0, data_batch=BATCH, outputs=outputs
    )


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_stops_and_names_the_loss_and_the_image(value):
    with pytest.raises(FloatingPointError) as error:
        look(4, loss=value, loss_gram=value, loss_ce=1.5)
    message = str(error.value)
    for part in ('iteration 5', f'loss_gram={value:g}', 'loss_ce=1.5', 'train/bad.png', '--resume'):
        assert part in message


def test_lets_finite_losses_pass_and_looks_only_now_and_then():
    look(4, loss=2.0, acc=float('nan'))  # only losses count
    look(3, loss=float('nan'))
    with pytest.raises(ValueError, match='interval=0'):
        FiniteLossHook(interval=0)
