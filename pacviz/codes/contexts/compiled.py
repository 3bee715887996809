"""The inner loops of positions and values, compiled: the same numbers in the same order as in numpy, so the same bytes.

numba is imported with this module, which takes half a second, and compiles it once a machine, which takes some; whoever
wants it asks `faster.kernels`.  No fast mathematics: sums keep their order, products and sums are never fused.

What numpy does with a batch at a time is done here decision by decision.  A reader takes flags from the words of the
message by what constriction's range coder would do (Bernoulli and uniform laws of 24 bits); what it found is given to
that coder afterwards, which has to stand at the very same place then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import numba
import numpy as np

from pacviz.codes.contexts.factors import (
    _MANTISSAS,
    _OCTAVE_BITS,
    COUNT,
    DOUBT,
    FIRST_WEIGHT,
    FURTHEST,
    MEMORY,
    NAT,
    SLOWNESS,
    UNIT,
)
from pacviz.codes.contexts.faster import BATCH
from pacviz.codes.contexts.waves import FEW, MOST, Waves
from pacviz.codes.rangecoder import BERNOULLI, CORRUPT, PRECISION, UNIFORM, Coder
from pacviz.errors import PacvizError
from pacviz.models import LayerSpec

_njit: Any = numba.njit
_compiled = _njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
_inner = _njit(error_model="numpy", no_cfunc_wrapper=True, no_cpython_wrapper=True)
_OCTAVE_STEPS = UNIT.bit_length() - 1
_MANTISSA_STEPS = _MANTISSAS.astype(np.int64)
_WORD = np.uint64(32)
_HALF = np.uint64(2**32)
_PRECISION = np.uint64(PRECISION)
_ONLY = _ZERO = cast(Any, np.int64(0))
_BERNOULLI_SCALE = float(2**PRECISION - 2)


class Mixtures(NamedTuple):
    """Mixtures as in `factors.Factors`, one after the other in tables that they share.

    starts: where the places of each context begin, by mixture, int64 (mixtures, contexts).  edges: where the tables of the
    mixtures begin and end.  counts: float64 (places, 4).  evidence: int64 (places,).  weights: (mixtures, contexts).
    sums: of a batch, decisions, hits and expected hits by place, 0 between batches.  touched: places of a batch.  batches:
    how many they have coded, int64 (1,).
    """

    starts: np.ndarray
    edges: np.ndarray
    counts: np.ndarray
    evidence: np.ndarray
    weights: np.ndarray
    sums: np.ndarray
    touched: np.ndarray
    batches: np.ndarray

    @staticmethod
    def of(sizes: Sequence[Sequence[int]]) -> Mixtures:
        """sizes: for each mixture, how many values each context can take; as many contexts in all."""
        table = np.array(sizes, np.int64)
        ends = table.ravel().cumsum()
        places = int(ends[-1])
        return Mixtures(
            (ends - table.ravel()).reshape(table.shape),
            np.append(0, ends[table.shape[1] - 1 :: table.shape[1]]),
            np.full((places, 4), float(DOUBT)),
            np.zeros(places, np.int64),
            np.full(table.shape, FIRST_WEIGHT),
            np.zeros((places, 3)),
            np.empty(places, np.int64),
            np.zeros(1, np.int64),
        )


class Message(NamedTuple):
    """Where a reader stands.  words: uint32, none where one writes.  state: uint64: words read, lower end and width of the
    interval, point in it, and 1 once no code goes on like this."""

    words: np.ndarray
    state: np.ndarray

    @staticmethod
    def of(coder: Coder) -> Message:
        words, (position, (lower, width)) = coder.unread
        if words is None:
            words = np.zeros(0, np.uint32)
        point = sum(int(word) << 32 - 32 * index for index, word in enumerate(words[position : position + 2]))
        return Message(words, np.array([position + 2, lower, width, point, 0], np.uint64))


class Written(NamedTuple):
    """Room for what a call codes.  flags: int32, and their probabilities.  ranks: int32, among so many sizes.  ends: how
    many flags and ranks there are after each batch, int64 (batches, 2)."""

    flags: np.ndarray
    probabilities: np.ndarray
    ranks: np.ndarray
    sizes: np.ndarray
    ends: np.ndarray

    @staticmethod
    def of(flags: int, ranks: int, batches: int) -> Written:
        kinds = ((flags, np.int32), (flags, np.float64), (ranks, np.int32), (ranks, np.int32), ((batches, 2), np.int64))
        return Written(*(np.empty(shape, kind) for shape, kind in kinds))

    def tape(self, batches: int) -> Iterator[tuple[np.ndarray, Any, np.ndarray]]:
        """What the first batches coded, flags that follow each other in one piece."""
        flags = ranks = 0
        for coded, sent in self.ends[:batches].tolist():
            if sent > ranks or coded == self.ends[batches - 1, 0]:
                if coded > flags:
                    yield self.flags[flags:coded], BERNOULLI, self.probabilities[flags:coded]
                if sent > ranks:
                    yield self.ranks[ranks:sent], UNIFORM, self.sizes[ranks:sent]
                flags, ranks = coded, sent


@_inner
def _interval(message: Message, left: Any, right: Any) -> None:
    """Goes on to the part from `left` to `right` of 2^24 of the interval."""
    state = message.state
    scale = state[2] >> _PRECISION
    state[1] += scale * left
    state[2] = scale * (right - left)
    if state[2] < _HALF:
        word = np.uint64(0)
        if state[0] < np.uint64(len(message.words)):
            word = np.uint64(message.words[state[0]])
        state[0] += np.uint64(1)
        state[1] <<= _WORD
        state[2] <<= _WORD
        state[3] = (state[3] << _WORD) | word


@_inner
def _quantile(message: Message) -> Any:
    """Which of 2^24 parts of the interval the point lies in; marks the message where it lies in none."""
    state = message.state
    quantile = (state[3] - state[1]) // (state[2] >> _PRECISION)
    if quantile >> _PRECISION:
        state[4] = 1
        return np.uint64(0)
    return quantile


@_inner
def _read_flag(message: Message, probability: float) -> Any:
    zero = 1 - probability
    left = np.uint64(zero * (_BERNOULLI_SCALE / (zero + probability))) + np.uint64(1)
    one = _quantile(message) >= left
    if one:
        _interval(message, left, np.uint64(1) << _PRECISION)
    else:
        _interval(message, np.uint64(0), left)
    return np.int64(one)


@_inner
def _read_below(message: Message, size: Any) -> Any:
    share = (np.uint64(1) << _PRECISION) // np.uint64(size)
    last = np.uint64(size - 1)
    value = min(_quantile(message) // share, last)
    right = np.uint64(1) << _PRECISION if value == last else (value + np.uint64(1)) * share
    _interval(message, value * share, right)
    return np.int64(value)


@_inner
def _logarithm(value: Any) -> Any:
    leading = np.float64(value).view(np.int64) >> 40
    return UNIT * ((leading >> 12) - 1023) + _MANTISSA_STEPS[leading & 4095]


@_inner
def _power(exponent: Any) -> Any:
    whole = np.int64(np.rint(min(max(exponent, -float(FURTHEST)), float(FURTHEST))))
    return np.int64(_OCTAVE_BITS[whole & UNIT - 1] + ((whole >> _OCTAVE_STEPS) << 52)).view(np.float64)


@_inner
def _half_octaves(value: Any) -> Any:
    """How many half octaves above 2^-7 and below 2 lie at or below it: `positions._THRESHOLDS`."""
    return min(max((_logarithm(value) >> _OCTAVE_STEPS - 1) + 14, 0), 15)


@_inner
def _mixed(mixtures: Mixtures, mixture: Any, at: np.ndarray, odds: Any) -> Any:
    """The probability of 1, odds corrected by the evidence at the places."""
    weights = mixtures.weights[mixture]
    shift = weights[0] * mixtures.evidence[at[0]]
    for context in range(1, len(weights)):
        shift += weights[context] * mixtures.evidence[at[context]]
    odds *= _power(shift)
    return odds / (1 + odds)


@_inner
def _learn(
    mixtures: Mixtures,
    mixture: Any,
    many: Any,
    at: np.ndarray,
    odds: np.ndarray,
    flags: np.ndarray,
    probabilities: np.ndarray,
) -> None:
    """Counts a batch, and moves the weights.  at: (many, contexts).  odds, flags, probabilities: (many,)."""
    counts, evidence, sums, touched = mixtures.counts, mixtures.evidence, mixtures.sums, mixtures.touched
    weights = mixtures.weights[mixture]
    contexts = len(weights)
    mixtures.batches[0] += 1
    gradient = np.zeros(contexts, np.int64)
    curvature, places = _ZERO, _ZERO
    for index in range(many):
        flag, probability = flags[index], probabilities[index]
        expected = np.rint(COUNT * odds[index] / (1 + odds[index]))
        error = np.int64(np.rint(COUNT * (flag - probability)))
        spread = np.int64(np.rint(COUNT * probability * (1 - probability)))
        for context in range(contexts):
            place = at[index, context]
            seen = evidence[place]
            gradient[context] += seen * error
            curvature += seen * seen * spread
            if sums[place, 0] == 0:
                touched[places] = place
                places += 1
            sums[place, 0] += 1
            sums[place, 1] += flag
            sums[place, 2] += expected
    first, last = mixtures.edges[mixture], mixtures.edges[mixture + 1]
    if many * contexts >= last - first:
        # In numpy whole tables are counted then, and old places forget even where nothing happened.
        for place in range(first, last):
            if sums[place, 0] == 0 and counts[place, 0] + counts[place, 2] > 2 * MEMORY:
                touched[places] = place
                places += 1
    for index in range(places):
        place = touched[index]
        decisions, hits, likely = COUNT * sums[place, 0], COUNT * sums[place, 1], sums[place, 2]
        sums[place] = 0
        row = counts[place]
        row[0] += hits
        row[1] += decisions - hits
        row[2] += likely
        row[3] += decisions - likely
        if row[0] + row[2] > 2 * MEMORY:
            for side in range(4):
                row[side] = np.ceil(row[side] / 2)
        evidence[place] = _logarithm(row[0]) - _logarithm(row[1]) - _logarithm(row[2]) + _logarithm(row[3])
    steepness = curvature / (COUNT * NAT * NAT)
    for context in range(contexts):
        weights[context] += gradient[context] / (COUNT * NAT) / (SLOWNESS + steepness)


@_compiled
def code_block(
    given: np.ndarray,
    found: np.ndarray,
    counts: np.ndarray,
    firsts: np.ndarray,
    rates: np.ndarray,
    units: int,
    places: Places,
    mixtures: Mixtures,
    message: Message,
    written: Written,
) -> int:
    """`positions._code_block`; returns how many flags it coded.

    given: bool (rows, columns), without rows where one reads.  units: how many the columns read, biases among them.
    """
    order, unit, neighbours, spans = places.order, places.unit, places.neighbours, places.spans
    rows, width = found.shape[0], found.shape[1] - 1
    reading = not len(given)
    left, remaining, room = counts.copy(), np.empty((rows, len(spans))), np.empty((rows, len(spans)), np.int64)
    widest = 0
    for span in range(len(spans)):
        widest = max(widest, spans[span, 1] - spans[span, 0])
    for row in range(rows):
        left[row] -= firsts[row] >= 0
        rest, free = 0.0, 0
        for span in range(len(spans) - 1, -1, -1):
            for column in range(spans[span, 1] - 1, spans[span, 0] - 1, -1):
                if order[column] > firsts[row]:
                    rest += rates[column]
                    free += 1
            remaining[row, span], room[row, span] = rest, free
    most = rows * widest
    at, odds = np.empty((most, mixtures.starts.shape[1]), np.int64), np.empty(most)
    at_rows, at_columns = np.empty(most, np.int64), np.empty(most, np.int64)
    in_kernel = np.zeros((rows, units), np.int64)
    starts = mixtures.starts[0]
    done = 0
    for span in range(len(spans)):
        first, last, many = spans[span, 0], spans[span, 1], _ZERO
        for row in range(rows):
            some, free = left[row], room[row, span]
            if some <= 0 or some > free:
                continue
            for column in range(first, last):
                if order[column] <= firsts[row]:
                    continue
                if some == free:
                    found[row, column] = True
                    left[row] -= 1
                    continue
                rate = rates[column]
                odds[many] = some * (rate * free / remaining[row, span]) / (free - some)
                beside_ = neighbours[column]
                pattern = _ZERO
                for bit in range(8):
                    pattern |= np.int64(found[row, beside_[bit]]) << bit
                around = 0
                for bit in range(6):
                    around += pattern >> bit & 1
                beside = (pattern & 1) + (pattern >> 1 & 1)
                level = _half_octaves(rate * counts[row] / width)
                place = at[many]
                place[0] = starts[0] + (pattern & 63)
                place[1] = starts[1] + 3 * level + beside
                place[2] = starts[2] + 16 * min(in_kernel[row, unit[column]], 15) + level
                place[3] = starts[3] + 8 * _half_octaves(some / free) + around
                place[4] = starts[4] + 3 * (pattern >> 6) + beside
                place[5] = starts[5] + column
                place[6] = starts[6] + 3 * unit[column] + beside
                at_rows[many], at_columns[many] = row, column
                many += 1
        if not many:
            continue
        flags, probabilities = written.flags[done : done + many], written.probabilities[done : done + many]
        for index in range(many):
            probabilities[index] = _mixed(mixtures, _ONLY, at[index], odds[index])
            if reading:
                flags[index] = _read_flag(message, probabilities[index])
            else:
                flags[index] = given[at_rows[index], at_columns[index]]
        _learn(mixtures, _ONLY, many, at, odds, flags, probabilities)
        for index in range(many):
            if flags[index]:
                row, column = at_rows[index], at_columns[index]
                found[row, column] = True
                left[row] -= 1
                in_kernel[row, unit[column]] += 1
        done += many
    return done


@_compiled
def diagonals(cells: np.ndarray, spans: np.ndarray, few: int, most: int) -> np.ndarray:
    """The diagonals of `Waves.diagonals`, those with few cells together: (first, last) of each batch, and its cells."""
    rows, counts = len(cells), np.zeros(len(cells) + len(spans), np.int64)
    for row in range(rows):
        for span in range(len(spans)):
            for column in range(spans[span, 0], spans[span, 1]):
                counts[row + span] += cells[row, column]
    batches = np.empty((len(counts), 3), np.int64)
    many, start, stop, first = 0, 0, 0, 0
    for last in range(1, len(counts) + 1):
        stop += counts[last - 1]
        if stop > start and (last == len(counts) or stop + counts[last] - start > min(start // few, most)):
            batches[many, 0], batches[many, 1], batches[many, 2] = first, last, stop - start
            many, start, first = many + 1, stop, last
    return batches[:many]


@_inner
def _gathered(
    cells: np.ndarray,
    spans: np.ndarray,
    first: int,
    last: int,
    rows: np.ndarray,
    columns: np.ndarray,
) -> None:
    """Rows and columns of the cells of diagonals, in order."""
    many = 0
    for diagonal in range(first, last):
        for row in range(max(0, diagonal - len(spans) + 1), min(len(cells), diagonal + 1)):
            for column in range(spans[diagonal - row, 0], spans[diagonal - row, 1]):
                if cells[row, column]:
                    rows[many], columns[many] = row, column
                    many += 1


@_inner
def _sign(value: Any) -> Any:
    return np.int64(value > 0) - np.int64(value < 0) + 1


@_compiled
def code_values(
    batches: np.ndarray,
    batch: int,
    sizes: np.ndarray,
    shift: int,
    planes: int,
    cells: np.ndarray,
    places: Places,
    given: np.ndarray,
    known: np.ndarray,
    found: np.ndarray,
    sign_counts: np.ndarray,
    bit_counts: np.ndarray,
    signs: Mixtures,
    classes: Mixtures,
    message: Message,
    written: Written,
) -> int:  # fmt: skip
    """`values.code_assignments` from one batch on, until there is no more room for what is coded: the next batch.

    batches: of `diagonals`.  sizes: entries of each sign.  given, found: uint16 (rows, columns), the former without rows
    where one reads.  known: int8 (rows + 2, columns + 1).  signs, classes: a mixture, and one for each plane.
    """
    unit, neighbours, spans = places.unit, places.neighbours, places.spans
    reading, negatives, first = not len(given), sizes[0], batch
    both = sizes[0] > 0 and sizes[1] > 0
    most = _ZERO
    for index in range(len(batches)):
        most = max(most, batches[index, 2])
    rows, columns = np.empty(most, np.int64), np.empty(most, np.int64)
    sign_at, class_at, patterns = (
        np.empty((most, 9), np.int64),
        np.empty((most, 6), np.int64),
        np.empty((most, 6), np.int64),
    )
    odds, sign = np.empty(most), np.empty(most, np.int64)
    rank, node, open_ = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    coded, sent = 0, 0
    while batch < len(batches) and (batch == first or coded + (1 + planes) * batches[batch, 2] <= len(written.flags)):
        many = batches[batch, 2]
        _gathered(cells, spans, batches[batch, 0], batches[batch, 1], rows, columns)
        for index in range(many):
            row, column = rows[index], columns[index]
            here, beside = known[row + 2], neighbours[column]
            left, upper, corner, other = here[beside[0]], here[beside[1]], here[beside[2]], here[beside[3]]
            previous, following, above, above2 = (
                here[beside[6]],
                here[beside[7]],
                known[row + 1, column],
                known[row, column],
            )
            place = patterns[index]
            place[0] = min(abs(left) + abs(upper), 15)
            place[1] = min(abs(left) + abs(upper) + abs(corner) + abs(other), 31)
            place[2] = 8 * min(abs(above), 7) + min(abs(above2), 7)
            place[3] = 8 * min(abs(previous), 7) + min(abs(following), 7)
            place[4], place[5] = column, row
            sign[index] = sizes[1] > 0
            if both:
                pair = 3 * _sign(left) + _sign(upper)
                place, starts = sign_at[index], signs.starts[0]
                place[0] = starts[0] + pair
                place[1] = starts[1] + 9 * _sign(corner) + 3 * _sign(other) + _sign(left)
                place[2] = starts[2] + 27 * _sign(here[beside[4]]) + 9 * _sign(here[beside[5]]) + pair
                place[3] = starts[3] + 3 * _sign(above) + _sign(above2)
                place[4] = starts[4] + 9 * _sign(above) + pair
                place[5] = starts[5] + 27 * _sign(previous) + 9 * _sign(following) + pair
                place[6], place[7], place[8] = starts[6] + column, starts[7] + unit[column], starts[8] + row
                odds[index] = sign_counts[1] / sign_counts[0]
        if both:
            flags, probabilities = written.flags[coded : coded + many], written.probabilities[coded : coded + many]
            for index in range(many):
                probabilities[index] = _mixed(signs, _ONLY, sign_at[index], odds[index])
                if reading:
                    flags[index] = _read_flag(message, probabilities[index])
                else:
                    flags[index] = given[rows[index], columns[index]] > negatives
                sign[index] = flags[index]
            _learn(signs, _ONLY, many, sign_at, odds, flags, probabilities)
            for index in range(many):
                sign_counts[sign[index]] += 1
            coded += many
        for index in range(many):
            node[index], rank[index] = 1, 0
            if not reading:
                symbol = np.int64(given[rows[index], columns[index]])
                rank[index] = symbol - negatives - 1 if sign[index] else negatives - symbol
        for plane in range(planes):
            bit, some, starts = planes - 1 - plane, _ZERO, classes.starts[plane]
            for index in range(many):
                if ((2 * node[index] + 1) << bit) - (1 << planes) <= (sizes[sign[index]] - 1) >> shift:
                    inner, place = node[index] - (1 << plane), class_at[some]
                    for context in range(6):
                        place[context] = starts[context] + (patterns[index, context] << plane) + inner
                    where = (sign[index] << planes + 1) + 2 * node[index]
                    odds[some] = bit_counts[where + 1] / bit_counts[where]
                    open_[some] = index
                    some += 1
                node[index] *= 2
            if not some:
                continue
            flags, probabilities = written.flags[coded : coded + some], written.probabilities[coded : coded + some]
            for index in range(some):
                probabilities[index] = _mixed(classes, plane, class_at[index], odds[index])
                if reading:
                    flags[index] = _read_flag(message, probabilities[index])
                else:
                    flags[index] = rank[open_[index]] >> shift + bit & 1
            _learn(classes, plane, some, class_at, odds, flags, probabilities)
            for index in range(some):
                place_ = open_[index]
                node[place_] += flags[index]
                bit_counts[(sign[place_] << planes + 1) + node[place_]] += 1
            coded += some
        for index in range(many):
            row, column, chosen = rows[index], columns[index], node[index] - (1 << planes)
            known[row + 2, column] = chosen + 1 if sign[index] else -chosen - 1
            least = chosen << shift
            room = min(sizes[sign[index]] - least, 1 << shift)
            if room > 1:
                written.sizes[sent] = room
                written.ranks[sent] = _read_below(message, room) if reading else rank[index] - least
                least += written.ranks[sent]
                sent += 1
            found[row, column] = negatives + 1 + least if sign[index] else negatives - least
        written.ends[batch - first, 0], written.ends[batch - first, 1] = coded, sent
        batch += 1
    return batch


ROOM = 2**18
"""Decisions that are coded before constriction takes them, if no batch has more."""


class Places(NamedTuple):
    """The columns of `waves.Waves` as the compiled loops take them: of int64."""

    order: np.ndarray
    unit: np.ndarray
    neighbours: np.ndarray
    spans: np.ndarray

    @staticmethod
    def of(waves: Waves) -> Places:
        return Places(waves.order, waves.unit, np.ascontiguousarray(waves.neighbours.T), np.array(waves.spans))


def _gone_on(coder: Coder, message: Message, tape: Iterable[tuple[np.ndarray, Any, np.ndarray]]) -> None:
    """Has the coder follow; raises PacvizError for what no writer wrote."""
    if message.state[4]:
        raise PacvizError(CORRUPT)
    coder.follow(tuple(tape))


def block(
    coder: Coder,
    given: np.ndarray | None,
    found: np.ndarray,
    counts: np.ndarray,
    firsts: np.ndarray,
    rates: np.ndarray,
    waves: Waves,
    mixtures: Mixtures,
) -> None:
    """`positions._code_block`, with a mixture of its own."""
    written, message, before = Written.of(found.size, 0, 1), Message.of(coder), int(mixtures.batches[0])
    given = np.empty((0, 0), bool) if given is None else np.ascontiguousarray(given)
    units, places = len(waves.level), Places.of(waves)
    coded = code_block(given, found, counts, firsts, rates, units, places, mixtures, message, written)
    coder.spend(coded + BATCH * (int(mixtures.batches[0]) - before))
    written.ends[0] = coded, 0
    _gone_on(coder, message, written.tape(1))


def assignments(
    coder: Coder,
    ordered: np.ndarray | None,
    cells: np.ndarray,
    sizes: np.ndarray,
    shift: int,
    planes: int,
    waves: Waves,
    sign_sizes: Sequence[int],
    class_sizes: Sequence[Sequence[int]],
) -> np.ndarray:
    """`values._code`."""
    places, cells = Places.of(waves), np.ascontiguousarray(cells)
    batches = diagonals(cells, places.spans, FEW, MOST)
    found = np.zeros(cells.shape, np.uint16)
    known = np.zeros((len(cells) + 2, cells.shape[1] + 1), np.int8)
    signs, classes = Mixtures.of([sign_sizes]), Mixtures.of(class_sizes or [(1,) * 6])
    counts, bits = np.ones(2, np.int64), np.ones(4 << planes, np.int64)
    room = max(ROOM, (1 + planes) * int(batches[:, 2].max(initial=0)))
    written = Written.of(room, room, len(batches))
    given = np.empty((0, 0), np.uint16) if ordered is None else np.ascontiguousarray(ordered)
    first = calls = 0
    while first < len(batches):
        message = Message.of(coder)
        last = code_values(
            batches, first, sizes, shift, planes, cells, places, given, known, found,
            counts, bits, signs, classes, message, written,
        )  # fmt: skip
        before, calls = calls, int(signs.batches[0] + classes.batches[0])
        coder.spend(int(written.ends[last - first - 1, 0]) + BATCH * (last - first + calls - before))
        _gone_on(coder, message, written.tape(last - first))
        first = last
    return found


def prepare() -> None:
    """Runs every loop once, both ways."""
    layer = LayerSpec("layer", ("layer.weight",), ((2, 4),), None)
    waves, mask = Waves.of(layer, np.ones(4, np.int64)), np.array([[1, 0, 0, 1], [0, 1, 1, 0]], bool)
    writer = Coder()
    for coder, given in ((writer, mask), (Coder(writer.finish()), None)):
        found, counts, firsts = np.zeros((2, 5), bool), np.full(2, 2), np.full(2, -1)
        block(coder, given, found, counts, firsts, np.ones(4), waves, Mixtures.of([(64, 48, 256, 128, 12, 4, 12)]))
    symbols = mask.astype(np.uint16)
    assignments(Coder(), symbols, mask, np.array([0, 1]), 0, 0, waves, (9, 27, 81, 9, 27, 81, 4, 4, 2), ())
