"""How long the steps behind a slider take on this machine: the medians that docs/speed.md quotes."""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import convert_conv2d_weight_memory_format

from pacviz import data
from pacviz.bounds import all_bounds
from pacviz.bounds.refund import best_prior
from pacviz.certificates.archive import Archive
from pacviz.certificates.certificate import certify, known
from pacviz.certificates.verify import pack, verify
from pacviz.codes.coder import cluster_weights, decode, encode
from pacviz.codes.compress import compress
from pacviz.data.digits import sample
from pacviz.device import device, quick_bfloat16
from pacviz.library.checkpoints import find
from pacviz.models import architecture
from pacviz.posteriors.gaussian import posterior_stds
from pacviz.risk import count_errors, sampled_risk, stochastic_risk
from pacviz.scenario import Scenario
from pacviz.training.fit import fit
from pacviz.training.recipe import METHODS, Training


def benchmark() -> dict[str, Any]:
    """Median seconds of each step for LeNet-5 on the embedded digits, with the machine's kind."""
    digits, checkpoint = data.load("digits"), find("lenet5", "digits", "plain")

    def compressed(sparsity: float, bits: int = 4) -> Any:
        return compress("lenet5", checkpoint.matrices, sparsity, bits, "layer")

    sparse, dense = compressed(0.985), compressed(0.0)
    code, stds, weights = (
        encode(sparse),
        posterior_stds(sparse, 0.05),
        [cluster_weights(layer) for layer in sparse.layers],
    )
    dense_code = encode(dense)
    point = Scenario(sparsity=0.985)
    archive = Archive.from_bytes(pack(certify(point)))

    def refund_and_bounds() -> None:
        nats = sum(
            best_prior(layer.codebook, shares, layer.counts, stds[layer.name], layer.weight_range)[1]
            for layer, shares in zip(sparse.layers, weights, strict=True)
        )
        all_bounds(0.02, nats, 60_000, 0.05, deterministic=False)

    steps: dict[str, tuple[Callable[[], object], int]] = {
        "refund_and_all_bounds": (refund_and_bounds, 20),
        "compress_and_encode_sparsity_98.5": (lambda: encode(compressed(0.985)), 10),
        "compress_and_encode_sparsity_0": (lambda: encode(compressed(0.0)), 5),
        "decode_sparsity_98.5": (lambda: decode(code.data), 10),
        "encode_sparsity_0": (lambda: encode(dense), 5),
        "decode_sparsity_0": (lambda: decode(dense_code.data), 5),
        "verify_sparsity_98.5": (lambda: verify(archive), 3),
        "exact_error_60000_sparsity_98.5": (lambda: count_errors(sparse, digits.train), 5),
        "exact_error_60000_sparsity_0": (lambda: count_errors(dense, digits.train), 5),
        "preview_10000_sparsity_98.5": (lambda: sampled_risk(sparse, digits.train, 10_000, 0.01, 0), 5),
        "preview_2000_draws_noise_5": (lambda: stochastic_risk(sparse, stds, digits.train, 2_000, 0.01, 0), 5),
        "certificate_60000_draws_noise_5": (lambda: stochastic_risk(sparse, stds, digits.train, 60_000, 0.01, 0), 3),
        "point_already_seen": (lambda: known(point), 20),
        "draw_60000_digits": (lambda: sample(60_000, 0), 1),
    }
    return {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "torch_threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "device": "cuda" if torch.cuda.is_available() else "cpu",
        },
        "seconds": {name: _median(step, repeats) for name, (step, repeats) in steps.items()},
        "training_examples_per_second": training_speed(digits, 10_000),
    }


def training_speed(dataset: data.Dataset, examples: int) -> dict[str, float]:
    """Training examples a second for LeNet-5 in batches of 256: a hand-written loop, and our loop for each method that is for
    networks of its size.

    The best of three turns over `examples` examples each, one after the other, so that a busy moment strikes all alike.
    """
    train = replace(dataset.train, images=dataset.train.images[:examples], labels=dataset.train.labels[:examples])
    part = replace(dataset, train=train)
    start = find("lenet5", dataset.name, "plain").matrices
    loops: dict[str, Callable[[], object]] = {"hand_written": lambda: _hand_written(part)}
    for method in (name for name, about in METHODS.items() if not about.exact):
        recipe = Training.of(method, epochs=1, batch_size=256, start="plain")
        loops[method] = partial(fit, architecture("lenet5"), part, recipe, start)
    seconds: dict[str, float] = {}
    for _ in range(3):
        for name, loop in loops.items():
            begun = time.perf_counter()
            loop()
            seconds[name] = min(time.perf_counter() - begun, seconds.get(name, math.inf))
    return {name: round(examples / taken) for name, taken in seconds.items()}


def _hand_written(dataset: data.Dataset) -> None:
    """An epoch as anyone would write it for this one network, with every trick that our loop uses."""
    where, train = device(), dataset.train
    network = convert_conv2d_weight_memory_format(architecture("lenet5").build().to(where), torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, fused=True)
    images, labels = train.images.to(where), train.labels.to(where)
    for batch in torch.randperm(len(images)).to(where).split(256):
        with torch.autocast(where.type, torch.bfloat16, enabled=quick_bfloat16()):
            logits = network(images[batch].float().div_(255))
        optimizer.zero_grad()
        cross_entropy(logits.float(), labels[batch]).backward()
        optimizer.step()


def _median(step: Callable[[], object], repeats: int) -> float:
    step()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
