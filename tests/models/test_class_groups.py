"""Groups of classes: published ones, sums of probabilities, and what is refused."""

import numpy as np
import pytest
import torch
from mmseg.registry import DATASETS

from mmdegrade.models.class_groups import GROUPS, ClassGroups, class_names, resolve_groups


def test_cityscapes_has_the_papers_ten():
    groups = ClassGroups('CityscapesDataset')
    assert len(groups) == 10
    found = {name: [groups.classes[i] for i in group] for name, group in groups.groups.items()}
    assert found['others'] == [
        'fence', 'pole', 'traffic light', 'traffic sign', 'rider', 'truck', 'bus', 'train',
        'motorcycle', 'bicycle',
    ]  # fmt: skip
    assert all(found[name] == [name] for name in found if name != 'others')
    assert {'road', 'sidewalk', 'building'} <= set(found)


def test_voc_has_foreground_and_background():
    groups = ClassGroups('PascalVOCDataset')
    assert groups.groups == dict(background=[0], foreground=list(range(1, 21)))


@pytest.mark.parametrize('dataset', GROUPS)
def test_every_known_dataset_puts_each_class_into_one_group(dataset):
    classes = DATASETS.get(dataset).METAINFO['classes']
    groups = resolve_groups(GROUPS[dataset], class_names(dataset))
    assert sorted(i for group in groups.values() for i in group) == list(range(len(classes)))


def test_the_order_is_that_of_the_classes_however_the_config_is_written():
    """MMEngine sorts the keys of configs that it writes: the paths must not change places."""
    classes = ('road', 'car', 'sky', 'tree')
    written = dict(z=['sky', 'road'], rest='*', b=['car'])
    for groups in (written, dict(sorted(written.items())), dict(reversed(written.items()))):
        assert list(resolve_groups(groups, classes).items()) == [
            ('z', [0, 2]), ('b', [1]), ('rest', [3]),
        ]  # fmt: skip


def test_maps_are_sums_of_probabilities():
    groups = ClassGroups(['a', 'b', 'c', 'd'], dict(first=['c', 'a'], second=['b'], third=['d']))
    scores = torch.rand(2, 4, 3, 5, dtype=torch.float64).requires_grad_()
    p = scores.softmax(1)
    maps = groups(p)
    q = p.detach().numpy()
    expected = np.stack([q[:, 0] + q[:, 2], q[:, 1], q[:, 3]], 1)
    np.testing.assert_allclose(maps.detach().numpy(), expected, atol=1e-15)
    np.testing.assert_allclose(maps.detach().sum(1).numpy(), 1, atol=1e-12)
    assert torch.autograd.gradcheck(lambda x: groups(x.softmax(1)), scores)
    assert not groups.state_dict()  # the config's, not the checkpoint's


CLASSES = ('road', 'car', 'sky')


@pytest.mark.parametrize(
    'groups, match',
    [
        (dict(a=['road', 'car'], b=['car', 'sky']), "class 'car' is in 'a' and in 'b'"),
        (dict(a=['road', 'road'], b='*'), "class 'road' is in 'a' and in 'a'"),
        (dict(a=['road'], b=['car']), r"miss the classes \['sky'\].*others='\*'"),
        (dict(a=['road', 'tree'], b='*'), "groups.a: unknown class 'tree'; allowed: .*'sky'"),
        (dict(a=['road'], b='*', c='*'), r"\['b', 'c'\] are all '\*'"),
        (dict(a=['road', 'car', 'sky'], b='*'), "groups.b='\\*' is empty"),
        (dict(a=[], b='*'), r'groups.a=\[\]; allowed: a list'),
        (dict(a='road', b='*'), "groups.a='road'; allowed: a list"),
    ],
)
def test_groups_that_do_not_fit(groups, match):
    with pytest.raises(ValueError, match=match):
        ClassGroups(CLASSES, groups)


def test_classes_that_do_not_fit():
    with pytest.raises(ValueError, match="model.classes='Cityscape' is no dataset with classes"):
        ClassGroups('Cityscape')
    with pytest.raises(ValueError, match='class names must differ'):
        ClassGroups(['a', 'a'], dict(x=['a']))
    with pytest.raises(ValueError, match="known: .'CamVidDataset'"):
        ClassGroups(CLASSES)
