"""Restored images as pictures and as files."""

import numpy as np

from mmdegrade.visualization.restored import picture, png_names


def test_picture_is_bgr_of_8_bits_clipped_and_rounded():
    image = np.zeros((3, 4, 6))
    image[0], image[2] = 1.7, 0.5
    out = picture(image)
    assert out.dtype == np.uint8 and out.shape == (4, 6, 3) and out.flags.c_contiguous
    assert out[0, 0].tolist() == [128, 0, 255]  # 127.5 rounds to even
    assert picture(-image).max() == 0
    assert picture(image, (8, 12)).shape == (8, 12, 3)


def test_names_keep_folders_and_never_collide():
    paths = ['d/val/a/1.jpg', 'd/val/b/1.jpg']
    assert png_names(paths) == {paths[0]: 'a/1.png', paths[1]: 'b/1.png'}
    assert png_names(['x/a.jpg', 'x/a.png']) == {'x/a.jpg': 'a.jpg.png', 'x/a.png': 'a.png.png'}
    assert png_names(['/r/only.bmp']) == {'/r/only.bmp': 'only.png'}
    assert png_names(['a.jpg', 'sub/a.jpg']) == {'a.jpg': 'a.png', 'sub/a.jpg': 'sub/a.png'}
