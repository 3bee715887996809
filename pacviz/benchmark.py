"""How long the steps behind a slider take on this machine: the medians that README.md quotes."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from pacviz import data
from pacviz.archive import Archive
from pacviz.bounds import all_bounds
from pacviz.bounds.refund import best_prior
from pacviz.certificate import certify, known
from pacviz.checkpoints import find
from pacviz.compression.coder import cluster_weights, decode, encode
from pacviz.compression.compress import compress
from pacviz.compression.noise import posterior_stds
from pacviz.data.digits import sample
from pacviz.risk import count_errors, sampled_risk, stochastic_risk
from pacviz.scenario import Scenario
from pacviz.verification import pack, verify


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
    }


def _median(step: Callable[[], object], repeats: int) -> float:
    step()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
