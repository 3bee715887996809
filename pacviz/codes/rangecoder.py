"""Bits in both directions: one description of a code writes it and reads it back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from constriction import stream

from pacviz.errors import PacvizError

T = TypeVar("T")

Tape = tuple[tuple[np.ndarray, Any, Any], ...]
"""Pieces of a message: symbols, their law, and how many they are or the law's parameters for each."""

BERNOULLI = stream.model.Bernoulli(perfect=False)
UNIFORM = stream.model.Uniform()

PRECISION = 24
"""Bits of the probabilities of these laws."""

CORRUPT = "These bytes are no code of a network; give them as they were written."
SHORT = "These bytes end before the network does; give all of them, as they were written."


class TooSlow(PacvizError):
    """A code needs more steps than it may take."""


class Coder:
    """A range coder that runs a description either way, so that encoder and decoder cannot drift apart.

    `Coder()` writes: every method codes the symbols that it is given and returns them.  `Coder(data)` reads: every
    method ignores the symbols (give None) and returns those found in the data.  Both need the same models in the same
    order; models are built from integers or with + - * / on float64 alone, which every machine rounds alike.

    effort: what a code has spent so far, in steps of its own.  patience: how much it may.

    >>> written = Coder()
    >>> written.uniform(3, 10)
    3
    >>> Coder(written.finish()).uniform(None, 10)
    3
    """

    def __init__(self, data: bytes | None = None) -> None:
        self.effort, self.patience = 0, math.inf
        self._encoder = stream.queue.RangeEncoder()
        self._words = None if data is None else _words(data)
        self._decoder = None if data is None else stream.queue.RangeDecoder(self._words)

    @property
    def writing(self) -> bool:
        return self._decoder is None

    @property
    def bits(self) -> float:
        """Ideal code length so far: -log2 of the width of the range coder's interval."""
        words, (_, width) = self._encoder.pos()
        return 32 * words + 64 - math.log2(width)

    def finish(self) -> bytes:
        """The shortest bytes that mean this message whatever follows them: the code is prefix-free.

        With I the coder's interval in [0, 1): the fewest bytes such that every number whose expansion starts with them
        lies in I, and the smallest such.  Less than 9 bits above the ideal length.
        """
        words, (lower, width) = self._encoder.pos()
        size = 32 * words + 64
        sealed = self._encoder.get_compressed()
        inside = int.from_bytes(sealed.astype(">u4").tobytes()) << (size - 32 * len(sealed))
        # The sealed words lie in the interval, whose lower end the coder shows modulo 2^64 only.
        start = inside - (inside - lower) % 2**64
        length = math.ceil(self.bits / 8)
        while (-(-start >> size - 8 * length) + 1) << size - 8 * length > start + width:
            length += 1
        return (-(-start >> size - 8 * length)).to_bytes(length)

    def categorical(self, symbols: np.ndarray | None, frequencies: np.ndarray, count: int) -> np.ndarray:
        """`count` symbols in 0..r-1 with probabilities frequencies / sum.  frequencies: int or float64 (r,), all > 0."""
        if len(frequencies) == 1 or not count:
            return np.zeros(count, np.int32)
        return self._code(symbols, stream.model.Categorical(frequencies.astype(np.float64), perfect=False), count)

    def bernoulli(self, flags: np.ndarray | None, probabilities: np.ndarray) -> np.ndarray:
        """A 0 or 1 for each probability of 1: float64, any shape but empty; 0 and 1 are taken to within 2^-24."""
        decoded = self._code(None if flags is None else flags.ravel(), BERNOULLI, probabilities.ravel())
        return decoded.reshape(probabilities.shape)

    def uniform(self, value: int | None, size: int) -> int:
        """One integer in 0..size-1; costs log2(size) bits.  size: 1 to 2^23."""
        if size == 1:
            return 0
        return int(self._code(None if value is None else np.array([value]), stream.model.Uniform(size), 1)[0])

    def below(self, values: np.ndarray | None, sizes: np.ndarray) -> np.ndarray:
        """One integer in 0..size-1 for each of the sizes, int (m,) of 2 to 2^23; each costs log2(size) bits."""
        return self._code(values, UNIFORM, sizes.astype(np.int32))

    def halfwords(self, values: np.ndarray | None, count: int) -> np.ndarray:
        """`count` unsigned integers of 16 bits as they are, uint16."""
        return self._code(values, stream.model.Uniform(1 << 16), count).astype(np.uint16)

    def integers(self, values: np.ndarray | None, count: int, largest: int) -> np.ndarray:
        """`count` integers of 0 <= value <= largest < 2^24, int64: bit lengths adaptively, then the other bits.

        A bit length seen k times counts as k + 1/4, which is re-estimated after blocks that grow by a sixteenth.
        """
        decoded = np.zeros(count, np.int64)
        frequencies = np.ones(largest.bit_length() + 1, np.int64)
        stop = 0
        while stop < count:
            start, stop = stop, min(count, stop + max(1, stop // 16))
            lengths = None if values is None else np.frexp(values[start:stop].astype(np.float64))[1]
            lengths = self.categorical(lengths, frequencies, stop - start)
            frequencies += 4 * np.bincount(lengths, minlength=len(frequencies))
            decoded[start:stop] = (1 << lengths) >> 1
            if (long := start + np.flatnonzero(lengths > 1)).size:
                rest = None if values is None else values[long] - decoded[long]
                decoded[long] += self.below(rest, decoded[long])
        if count and decoded.max() > largest:
            raise PacvizError(CORRUPT)
        return decoded

    def cheapest(
        self, options: Sequence[Callable[[Coder], T] | None], later: Callable[[T], float] = lambda result: 0.0
    ) -> T:
        """The shortest of several codes for the same thing, after log2(number of options) bits to say which.

        options: what each codes, given a coder, in a fixed order; None for one that cannot code it (writing only).
        later: bits that what follows will cost, given what an option codes.
        """
        choice = None
        if self.writing:
            costs = {}
            for index, option in enumerate(options):
                if option is not None:
                    trial = Coder()
                    costs[index] = later(option(trial)) + trial.bits
            choice = min(costs, key=costs.__getitem__)
        option = options[self.uniform(choice, len(options))]
        assert option is not None
        return option(self)

    def replay(self, tape: Tape) -> None:
        """Writes again what a Recorder has written."""
        for symbols, law, what in tape:
            self._code(symbols, law, what)

    def spend(self, steps: int) -> None:
        """Raises TooSlow where a code has taken more steps than whoever codes has patience for."""
        self.effort += steps
        if self.effort > self.patience:
            raise TooSlow("A code of this version would take too long for a network of this size; write version 1.")

    @property
    def unread(self) -> tuple[np.ndarray | None, tuple[int, tuple[int, int]]]:
        """For whoever reads without this coder: the words of the message, None where it is written, and its place in them:
        how many were read, and the lower end and the width of the interval.  What was found has to `follow`."""
        return self._words, self._encoder.pos()

    def follow(self, tape: Tape) -> None:
        """Goes on over what is coded already: writes what `tape` says, or takes it as read."""
        if self._decoder is None:
            self.replay(tape)
            return
        for symbols, law, what in tape:
            self._encoder.encode(symbols, law, what)
        try:
            self._decoder.seek(*self._encoder.pos())
        except ValueError as error:
            raise PacvizError(SHORT) from error

    def _code(self, symbols: np.ndarray | None, law: Any, what: Any) -> np.ndarray:
        """Codes with one model and a count, or with a family of models and an array of its parameters."""
        if self._decoder is not None:
            try:
                symbols = self._decoder.decode(law, what)
            except (AssertionError, ValueError) as error:
                raise PacvizError(CORRUPT) from error
        assert symbols is not None
        symbols = symbols.astype(np.int32, copy=False)
        # A reader writes as well: that is how it knows where the code ends.
        self._encoder.encode(symbols, law, *(() if isinstance(what, int) else (what,)))
        return symbols


class Recorder(Coder):
    """A coder that writes, and remembers what it wrote."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[tuple[np.ndarray, Any, Any]] = []

    @property
    def tape(self) -> Tape:
        """What was written, flags that follow each other in one piece."""
        pieces: list[tuple[np.ndarray, Any, Any]] = []
        for flags, group in itertools.groupby(self._written, lambda piece: piece[1] is BERNOULLI):
            if flags:
                symbols, _, probabilities = zip(*group, strict=True)
                pieces.append((np.concatenate(symbols), BERNOULLI, np.concatenate(probabilities)))
            else:
                pieces += group
        return tuple(pieces)

    def spend(self, steps: int) -> None:
        """Raises TooSlow where a code has taken more steps than whoever codes has patience for."""
        self.effort += steps
        if self.effort > self.patience:
            raise TooSlow("A code of this version would take too long for a network of this size; write version 1.")

    @property
    def unread(self) -> tuple[np.ndarray | None, tuple[int, tuple[int, int]]]:
        """For whoever reads without this coder: the words of the message, None where it is written, and its place in them:
        how many were read, and the lower end and the width of the interval.  What was found has to `follow`."""
        return self._words, self._encoder.pos()

    def follow(self, tape: Tape) -> None:
        """Goes on over what is coded already: writes what `tape` says, or takes it as read."""
        if self._decoder is None:
            self.replay(tape)
            return
        for symbols, law, what in tape:
            self._encoder.encode(symbols, law, what)
        try:
            self._decoder.seek(*self._encoder.pos())
        except ValueError as error:
            raise PacvizError(SHORT) from error

    def _code(self, symbols: np.ndarray | None, law: Any, what: Any) -> np.ndarray:
        decoded = super()._code(symbols, law, what)
        self._written.append((decoded, law, what))
        return decoded


def _words(data: bytes) -> np.ndarray:
    """The bytes as 32-bit words, with zeros after their end."""
    return np.frombuffer(data + bytes(-len(data) % 4 + 8), ">u4").astype(np.uint32)
