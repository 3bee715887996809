"""How images are looked at before the first weight: fixed edges and five glances."""

import math

import pytest
import torch

from pacviz.codes.compress import as_it_stands
from pacviz.data import digits
from pacviz.errors import PacvizError
from pacviz.models import OrientedEdges, architecture
from pacviz.models.operations.edges import edge_filters
from pacviz.models.operations.glances import SHIFTS
from pacviz.risk import count_errors, count_stochastic_errors
from pacviz.training.fit import error_rate

EDGES = OrientedEdges(8, 5, 2, 2)


def whole_state(name, seed):
    """Small random integers."""
    net, generator = architecture(name), torch.Generator().manual_seed(seed)
    return {
        key: torch.randint(-3, 4, shape, generator=generator).float()
        for layer in net.layers
        for key, shape in zip(layer.tensors, layer.shapes, strict=True)
    }


def test_an_edge_filter_ignores_a_flat_image_and_answers_most_to_its_own_direction():
    filters = edge_filters(EDGES)
    assert filters.shape == (8, 1, 5, 5)
    assert float(filters.sum((1, 2, 3)).abs().max()) < 0.04
    assert torch.equal(filters * 64, (filters * 64).round())
    axis = torch.arange(5.0) - 2
    for direction in range(8):
        angle = 2 * math.pi * direction / 8
        ramp = math.cos(angle) * axis[None] + math.sin(angle) * axis[:, None]
        assert int((filters[:, 0] * ramp).sum((1, 2)).argmax()) == direction


def test_opposite_directions_are_opposite_filters():
    filters = edge_filters(EDGES)
    torch.testing.assert_close(filters[:4], -filters[4:], atol=1 / 64, rtol=0)


def test_five_glances_are_the_mean_of_five_answers():
    net = architecture("glances-4")
    module = net.build(folded=True).eval()
    module.load_state_dict(whole_state("glances-4", 3))
    images = digits.sample(6, seed=9).pixels()
    upright = module.chain(net.operations[:1], images)
    with torch.no_grad():
        each = [module.chain(net.operations[2:], upright.roll(shift, (2, 3))) for shift in SHIFTS]
        torch.testing.assert_close(module(images), torch.stack(each).mean(0))


@pytest.mark.parametrize("name", ["edges-6", "glances-4", "upright-4"])
def test_what_is_certified_is_what_was_trained(name):
    net, split = architecture(name), digits.sample(700, seed=10)
    state = whole_state(name, 4)
    network = as_it_stands(name, net.matrices(state))
    assert count_errors(network, split) / 700 == pytest.approx(error_rate(net, state, split))


def test_noise_on_glances_is_refused():
    net, split = architecture("glances-4"), digits.sample(20, seed=11)
    network = as_it_stands("glances-4", net.matrices(whole_state("glances-4", 5)))
    with pytest.raises(PacvizError, match="looks at each image 5 times"):
        count_stochastic_errors(network, {"conv1": 0.1}, split, 20, 0)
