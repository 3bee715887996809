"""What a code, a rule of pruning and a quantizer promise."""

from __future__ import annotations

from functools import partial

import numpy as np

from pacviz.checks.contract import example, refuses, require, same_weights, small
from pacviz.codes.code import CODES, Code, code_named
from pacviz.codes.coder import PRIOR_SCALES, decode, decode_prior, encode, encode_prior
from pacviz.codes.compress import as_it_stands, compress
from pacviz.codes.prune import Pruning
from pacviz.codes.quantizer import Quantizer
from pacviz.errors import PacvizError
from pacviz.models import architecture

_AFTER = (b"", bytes(9), b"\xff" * 9)
_SEEDS = range(2)


def check_code(code: Code | str) -> None:
    """What a code writes comes back bit for bit, whatever follows it; a shorter text is refused and any other bytes are
    refused or decode; its charges sum to the bytes; the same network has the same bytes.

    code: registered.  Every version of its name is checked.
    """
    name = code if isinstance(code, str) else code.name
    code_named(name)
    for version in CODES[name]:
        with small(name) as network:
            for seed in _SEEDS:
                coded = example(network, seed)
                data = encode(coded, version).data
                require(encode(coded, version).data == data, f"{name} writes one network in two ways.")
                for rest in _AFTER:
                    again, consumed = decode(data + rest, network.name)
                    require(
                        consumed == len(data), f"{name} does not stop where its code ends: {consumed}, {len(data)}."
                    )
                    require(same_weights(coded, again), f"{name} gives back other weights than it was given.")
                    require(encode(again, version).data == data, f"{name} writes what it has read in another way.")
                require(
                    same_weights(coded, as_it_stands(network.name, coded.matrices)),
                    f"as_it_stands of {name} changes weights that it can write.",
                )
                charges = encode(coded, version).ledger.charges
                require(
                    all(charge.bits >= 0 and charge.kind and charge.why for charge in charges),
                    f"{name} has a charge of less than no bit, or without kind or reason.",
                )
                require(
                    abs(sum(charge.bits for charge in charges) - 8 * len(data)) < 1e-6,
                    f"The charges of {name} do not sum to its bytes.",
                )
                for beginning in (data[:length] for length in {0, 1, len(data) // 2, len(data) - 1}):
                    refuses(
                        partial(decode, beginning, network.name),
                        f"{name} decodes {len(beginning)} of its {len(data)} bytes: the beginning of one code is another.",
                    )
                _check_any_bytes(name, data[:2], network.name, seed)
                if coded.layered is not None and CODES[name][version].takes_noise:
                    scales = {layer.name: seed * 11 % PRIOR_SCALES for layer in coded.layered.layers}
                    prior = encode_prior(coded.layered, scales, version).data
                    read, consumed = decode_prior(prior + b"\xff", network.name)
                    require(
                        consumed == len(prior) and dict(read.prior_scales) == scales,
                        f"The prior that {name} writes does not come back.",
                    )


def _check_any_bytes(name: str, start: bytes, model: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(5):
        try:
            decode(start + random.bytes(40), model)
        except PacvizError:
            continue
        except Exception as error:
            require(False, f"{name} fails on damaged bytes by {type(error).__name__}: refuse them by a PacvizError.")


def check_pruning(pruning: Pruning) -> None:
    """The masks have the shapes of the weights and leave the asked share of them, at least one; the same weights give the
    same masks, and are left alone."""
    random = np.random.default_rng(0)
    matrices = {
        "a": random.normal(size=(20, 30)).astype(np.float32),
        "b": random.normal(size=(5, 7)).astype(np.float32),
    }
    before = {name: matrix.copy() for name, matrix in matrices.items()}
    total = sum(matrix.size for matrix in matrices.values())
    for sparsity in (0.0, 0.5, 0.9, 0.9999):
        masks, again = (pruning.masks(matrices, sparsity) for _ in range(2))
        for name, matrix in matrices.items():
            require(
                masks[name].shape == matrix.shape and masks[name].dtype == bool,
                f"{pruning.name} gives no mask, a bool for each weight, for layer {name!r}.",
            )
            require(np.array_equal(masks[name], again[name]), f"{pruning.name} gives another mask each time.")
            require(np.array_equal(matrix, before[name]), f"{pruning.name} changes the weights that it looks at.")
        kept = sum(int(mask.sum()) for mask in masks.values())
        wanted = (1 - sparsity) * total
        require(
            kept >= 1 and abs(kept - wanted) <= len(matrices),
            f"{pruning.name} keeps {kept} of {total} weights at sparsity {sparsity:g}, where {wanted:.0f} were asked for.",
        )


def check_quantizer(quantizer: Quantizer) -> None:
    """Its masks have the shapes of the weights and leave at most the asked share of them, at least one; the same weights
    give the same, and are left alone; what a network of codebooks makes of it has at most 2^bits values a layer, and its
    code comes back."""
    random = np.random.default_rng(0)
    spec = architecture("mlp")
    matrices = {
        layer.name: random.standard_t(5, (layer.rows, layer.columns)).astype(np.float32) for layer in spec.layers
    }
    before = {name: matrix.copy() for name, matrix in matrices.items()}
    total = sum(matrix.size for matrix in matrices.values())
    for sparsity, bits in ((0.0, 3), (0.5, 1), (0.95, 4), (0.999, 2)):
        (weights, masks), (_, again) = (quantizer.prepared(matrices, sparsity, bits, "global") for _ in range(2))
        for name, matrix in matrices.items():
            require(
                weights[name].shape == masks[name].shape == matrix.shape and masks[name].dtype == bool,
                f"{quantizer.name} gives no weight or no mask, a bool for each weight, for layer {name!r}.",
            )
            require(np.array_equal(masks[name], again[name]), f"{quantizer.name} gives another mask each time.")
            require(np.array_equal(matrix, before[name]), f"{quantizer.name} changes the weights that it looks at.")
        kept = sum(int(mask.sum()) for mask in masks.values())
        require(
            1 <= kept <= (1 - sparsity) * total + len(matrices),
            f"{quantizer.name} keeps {kept} of {total} weights at sparsity {sparsity:g}.",
        )
        network = compress("mlp", matrices, sparsity, bits, "global", quantizer.name)
        require(network.entries <= 2**bits, f"{quantizer.name} takes {network.entries} values at {bits} bits.")
        if sparsity > 0.9:
            read, _ = decode(encode(network).data)
            require(
                all(np.array_equal(read.matrices[name], matrix) for name, matrix in network.matrices.items()),
                f"A network by {quantizer.name} does not come back from its code.",
            )
