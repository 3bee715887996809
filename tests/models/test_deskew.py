"""Deskewing: what leans stands upright, what stands stays, and nothing becomes anything."""

import pytest
import torch

from pacviz import data
from pacviz.models.operations.deskew import MOST_SLANT, deskew


def slant(images):
    """cov(x, y) / var(y) of each image's mass, and how far its centre lies from the pixel in the middle (rows, columns)."""
    height, width = images.shape[2:]
    mass = images.sum(1).double()
    mass = mass / mass.sum((1, 2), keepdim=True)
    y, x = (torch.arange(side).double() - side // 2 for side in (height, width))
    x_mean, y_mean = (mass * x).sum((1, 2)), (mass * y[:, None]).sum((1, 2))
    covariance = (mass * x * y[:, None]).sum((1, 2)) - x_mean * y_mean
    return covariance / ((mass * y[:, None] ** 2).sum((1, 2)) - y_mean**2), y_mean, x_mean


def bar(lean, columns=(12, 13, 14)):
    """A bar of 17 rows that leans by `lean` pixels a row, drawn to fractions of a pixel."""
    image = torch.zeros(1, 1, 28, 28)
    for row in range(5, 22):
        for column in columns:
            place = column + lean * (row - 13)
            left = int(place // 1)
            image[0, 0, row, left] += 1 - (place - left)
            image[0, 0, row, left + 1] += place - left
    return image


@pytest.mark.parametrize("lean", [-0.5, 0.25, 0.7])
def test_a_sheared_bar_stands_upright(lean):
    upright = deskew(bar(lean))
    assert abs(slant(upright)[0]) < 0.01
    rows = upright[0, 0, 7:21]
    centres = (rows * torch.arange(28)).sum(1) / rows.sum(1)
    torch.testing.assert_close(centres, torch.full((14,), 14.0), atol=0.05, rtol=0)
    assert abs(float(upright.sum() - bar(lean).sum())) < 0.5


def test_an_image_far_from_the_middle_is_moved_there():
    for rows, columns in ((4, -3), (-5, 6)):
        moved = deskew(bar(0.0).roll((rows, columns), (2, 3)))
        torch.testing.assert_close(moved, deskew(bar(0.0)), atol=1e-5, rtol=0)
        assert all(abs(offset) < 1e-4 for offset in slant(moved)[1:])


def test_an_upright_image_in_the_middle_stays_as_it_is():
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    radius = ((y - 14) ** 2 + (x - 14) ** 2).sqrt()
    zero = (1 - (radius - 7).abs() / 2).clamp(min=0)[None, None]
    torch.testing.assert_close(deskew(zero), zero, atol=1e-5, rtol=0)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5])
def test_a_blank_image_stays_blank(level):
    blank = torch.full((2, 1, 28, 28), level)
    assert torch.equal(deskew(blank), blank)


@pytest.mark.parametrize("axis", [2, 3])
def test_one_line_is_centred_and_nothing_else(axis):
    line = torch.zeros(1, 1, 28, 28)
    line.select(axis, 3).narrow(-1, 5, 9).fill_(1)
    expected = torch.zeros(1, 1, 28, 28)
    expected.select(axis, 14).narrow(-1, 10, 9).fill_(1)
    torch.testing.assert_close(deskew(line), expected, atol=1e-5, rtol=0)


def test_a_slant_beyond_the_most_is_taken_back_by_the_most():
    steep = slant(deskew(bar(0.0).repeat(3, 1, 1, 1)))[0]
    flat = torch.zeros(1, 1, 28, 28)
    for row, column in ((13, slice(4, 13)), (15, slice(15, 24))):
        flat[0, 0, row, column] = 1
    before, after = slant(flat)[0], slant(deskew(flat))[0]
    assert float(before) > 2 * MOST_SLANT
    assert float(after) == pytest.approx(float(before) - MOST_SLANT, abs=0.3)
    assert float(steep.abs().max()) < 1e-4


def test_channels_move_together_and_the_range_of_pixels_does_not_matter():
    digits = data.load("digits").train.pixels(0, 20)
    colours = torch.cat([digits, digits / 2, digits / 4], 1)
    torch.testing.assert_close(deskew(colours)[:, :1], deskew(digits))
    torch.testing.assert_close(deskew(2 * digits - 1), 2 * deskew(digits) - 1)


def test_digits_come_out_upright_and_in_the_middle_one_by_one_or_together():
    digits = data.load("digits").train.pixels(0, 50)
    together = deskew(digits)
    torch.testing.assert_close(together, torch.cat([deskew(digit[None]) for digit in digits]))
    # What leaves the image, or was beyond MOST_SLANT, is missing from some.
    for result in slant(together):
        assert float(result.abs().mean()) < 0.1
        assert float(result.abs().max()) < 0.5
