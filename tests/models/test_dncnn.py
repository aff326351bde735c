"""DnCNN: parameters, the layers read plainly, published weights and their published PSNR."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmdegrade.models.restorers import DnCNN


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_published_parameters():
    assert count(DnCNN(channels=3)) == 668227
    # DnCNN-S of the paper: 17 layers of 3×3, 64 wide, BN behind the 15 inner ones.
    inner = 15 * (9 * 64 * 64 + 2 * 64)
    model = DnCNN(channels=1, depth=17, batch_norm=True)
    assert count(model) == (9 * 64 + 64) + inner + (9 * 64 + 1)
    assert model.receptive_radius == 17  # 35×35 pixels in the paper


def randomised(**arguments):
    torch.manual_seed(0)
    model = DnCNN(**arguments).double().eval()
    for norm in model.norms:
        for tensor in (norm.weight, norm.running_var):
            torch.nn.init.uniform_(tensor, 0.5, 2)
        for tensor in (norm.bias, norm.running_mean):
            torch.nn.init.normal_(tensor, std=0.1)
    for conv in model.convs:
        if conv.bias is not None:
            torch.nn.init.normal_(conv.bias, std=0.1)
    return model


def plain(model, y):
    x = y
    for i, conv in enumerate(model.convs):
        x = F.conv2d(x, conv.weight, conv.bias, padding=1)
        if 0 < i < len(model.convs) - 1 and len(model.norms):
            norm = model.norms[i - 1]
            mean, var, scale, shift = (
                tensor[:, None, None]
                for tensor in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
            )
            x = (x - mean) / (var + 1e-5).sqrt() * scale + shift
        if i < len(model.convs) - 1:
            x = x.clamp(min=0)
    return y - x


@pytest.mark.parametrize('batch_norm', [False, True])
@pytest.mark.parametrize('size', [(1, 1), (9, 14)])
def test_it_is_the_layer_list(batch_norm, size):
    model = randomised(depth=5, width=7, batch_norm=batch_norm)
    y = torch.rand(2, 3, *size, dtype=torch.float64)
    assert torch.allclose(model(y), plain(model, y), rtol=0, atol=1e-12)
    assert torch.allclose(y - model(y), model.residual(y))


def test_a_grey_network_restores_channels_one_by_one():
    model = randomised(channels=1, depth=4, width=5)
    y = torch.rand(2, 3, 8, 9, dtype=torch.float64)
    expected = torch.cat([plain(model, y[:, i : i + 1]) for i in range(3)], 1)
    assert torch.allclose(model(y), expected, rtol=0, atol=1e-12)
    assert torch.allclose(model(y[:, :1]), expected[:, :1], rtol=0, atol=1e-12)


def published_state(model, prefix='module.dncnn'):
    """The weights of a network with BN, under the numbers of one nn.Sequential, ReLUs counted."""
    state, number = {}, 0
    for i, conv in enumerate(model.convs):
        state[f'{prefix}.{number}.weight'] = conv.weight
        number += 1
        if 0 < i < len(model.convs) - 1:
            norm = model.norms[i - 1].state_dict()
            state.update({f'{prefix}.{number}.{key}': value for key, value in norm.items()})
            number += 1
        number += 1
    return {key: value.detach().clone() for key, value in state.items()}


@pytest.mark.parametrize('prefix', ['module.dncnn', 'dncnn', 'model'])
@pytest.mark.parametrize('batch_norm', [False, True])
def test_published_keys_with_and_without_folding(prefix, batch_norm):
    source = randomised(channels=1, depth=5, width=6, batch_norm=True)
    for conv in source.convs:
        if conv.bias is not None:
            torch.nn.init.zeros_(conv.bias)  # the files have none
    model = DnCNN(channels=1, depth=5, width=6, batch_norm=batch_norm).double().eval()
    model.load_state_dict(published_state(source, prefix))
    y = torch.rand(1, 1, 11, 8, dtype=torch.float64)
    assert torch.allclose(model(y), plain(source, y), rtol=0, atol=1e-12)


def test_errors():
    with pytest.raises(ValueError, match=r'depth=1; allowed: an integer from 2 on'):
        DnCNN(depth=1)
    with pytest.raises(ValueError, match=r'channels=2; allowed: 1, 3'):
        DnCNN(channels=2)
    with pytest.raises(ValueError, match=r'images of shape \(1, 1, 8, 8\), but channels=3'):
        DnCNN(depth=2)(torch.zeros(1, 1, 8, 8))
    source = DnCNN(channels=1, depth=5, width=6, batch_norm=True)
    with pytest.raises(ValueError, match=r'published weights have 5 convolutions: set depth=5'):
        DnCNN(channels=1, depth=4, width=6).load_state_dict(published_state(source))


def images_of(folder, pattern, flag):
    files = sorted(folder.glob(pattern))
    assert files
    return [cv2.imread(str(file), flag) for file in files]


@pytest.mark.slow
def test_published_weights_reach_their_published_psnr(require_data):
    """Zhang et al. 2017, table II: DnCNN-S on Set12 at σ = 25 (the file's own code gives 30.40)."""
    state = torch.load(
        require_data('weights/dncnn_S-25.pth'), map_location='cpu', weights_only=True
    )
    model = DnCNN(channels=1, depth=17).eval()
    model.load_state_dict(state)
    grey = images_of(require_data('denoise_test/Set12'), '*.png', cv2.IMREAD_GRAYSCALE)
    assert len(grey) == 12
    generator = np.random.default_rng(0)
    psnrs = []
    for image in grey:
        clean = image / 255.0
        noisy = clean + generator.normal(0, 25 / 255, clean.shape)
        with torch.no_grad():
            restored = model(torch.from_numpy(noisy)[None, None].float())[0, 0].double().numpy()
        error = np.mean((np.clip(restored, 0, 1) - clean) ** 2)
        psnrs.append(-10 * np.log10(error))
    assert np.mean(psnrs) == pytest.approx(30.40, abs=0.05)
