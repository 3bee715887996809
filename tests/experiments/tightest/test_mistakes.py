"""What is shown as a mistake is one."""

import dataclasses

import pytest
import torch
from tight_points import save

from pacviz.data import Dataset, Split
from pacviz.errors import PacvizError
from pacviz.experiments.tightest import mistakes as module
from pacviz.experiments.tightest.mistakes import mistakes
from pacviz.experiments.tightest.results import points
from pacviz.risk import answers, count_errors


@pytest.fixture
def noise(monkeypatch):
    """Random images with random labels, passed off as MNIST."""
    random = torch.Generator().manual_seed(0)

    def split():
        images = torch.randint(0, 256, (300, 1, 28, 28), dtype=torch.uint8, generator=random)
        return Split(images, torch.randint(0, 10, (300,), generator=random))

    result = Dataset("mnist", "MNIST", split(), split(), 10)
    monkeypatch.setattr(module.data, "load", lambda name: result)
    return result


def point(folder, dataset):
    prints = {"data": dataset.train.fingerprint, "test": dataset.test.fingerprint}
    save(folder, "tiny", 4, spread=3, fingerprints=prints)
    return points([folder])[0]


@pytest.mark.parametrize("sample", ["train", "test"])
def test_mistakes_are_the_images_whose_answer_is_not_their_label(sample, noise, tmp_path):
    made = point(tmp_path, noise)
    split = noise.train if sample == "train" else noise.test
    wrong = mistakes(made, sample)
    assert len(wrong) == count_errors(made.network, split) > 0
    assert wrong.total == len(split)
    given = answers(made.network, split)
    for index, place in enumerate(wrong.places.tolist()):
        assert torch.equal(torch.from_numpy(wrong.images[index]), split.images[place])
        assert wrong.labels[index] == split.labels[place] != wrong.answers[index] == given[place]
    assert sum(count for _, _, count in wrong.confusions) == len(wrong)
    assert wrong.confusions[0][2] == max(count for _, _, count in wrong.confusions)


def test_answers_that_were_found_are_not_looked_for_again(noise, tmp_path, monkeypatch):
    made = point(tmp_path, noise)
    first = mistakes(made, "test")
    monkeypatch.setattr(module, "answers", None)
    assert mistakes(dataclasses.replace(made), "test") is first


def test_other_data_than_the_certificates_are_refused_with_a_sentence(noise, tmp_path):
    save(tmp_path, "tiny", 4)
    with pytest.raises(PacvizError, match=r"not those of the certificate.*PACVIZ_DATA.*\.$"):
        mistakes(points([tmp_path])[0], "test")
