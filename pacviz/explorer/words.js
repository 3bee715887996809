// Numbers as words, as pacviz/words.py has them: a test holds each function to its Python twin.

/** A share in percent, to the nearest: for what was counted. */
const percent = (x, digits = 2) => `${(100 * x).toFixed(digits)}%`;
const count = (x) => Math.round(x).toLocaleString("en-US");

/** Whole units of 10^-places in a float: those below its exact value, and whether something is left. */
function units(x, places) {
  const near = x * 10 ** places;
  if (Math.abs(near - Math.round(near)) > 1e-6) return [BigInt(Math.floor(near)), true];
  // A float of this page's numbers has at most 100 decimals, and toFixed gives them exactly.
  const [whole, decimals] = Math.abs(x).toFixed(100).split("."), below = BigInt(whole + decimals.slice(0, places));
  const rest = x !== 0 && (/[1-9]/.test(decimals.slice(places)) || below === 0n);
  return x < 0 ? [-below - (rest ? 1n : 0n), rest] : [below, rest];
}

/** A whole number of 10^-digits, written out. */
function written(whole, digits) {
  const text = String(whole < 0n ? -whole : whole).padStart(digits + 1, "0"), point = text.length - digits;
  return `${whole < 0n ? "-" : ""}${text.slice(0, point)}${digits ? `.${text.slice(point)}` : ""}`;
}

/** A bound or an upper limit in percent, rounded up from the float's exact value: 0.1510489 is "15.11%". */
function atMost(share, digits = 2) {
  const [below, rest] = units(share, digits + 2);
  return `${written(below + (rest ? 1n : 0n), digits)}%`;
}

/** A lower limit in percent, rounded down from the float's exact value. */
const atLeast = (share, digits = 2) => `${written(units(share, digits + 2)[0], digits)}%`;

const SIGNIFICANT = 3, LONGEST = 15;

/** 1 - delta, rounded down and never 0 or 1; delta is taken for the decimal number that it prints as. */
const probability = (delta) => sure(delta, 0, "");
/** 1 - delta in percent, rounded down and never 0 or 100 %. */
const surely = (delta) => sure(delta, 2, " %");

function sure(delta, shift, unit) {
  if (!(delta > 0 && delta < 1)) throw new RangeError(`delta must lie between 0 and 1, got ${delta}`);
  const [mantissa, power] = delta.toExponential().split("e"), [head, tail = ""] = mantissa.split(".");
  let failure = BigInt(head + tail), decimals = tail.length - Number(power);
  const adjusted = (whole) => String(whole).length - 1 - decimals;
  const places = SIGNIFICANT - 1 - Math.min(adjusted(failure), adjusted(10n ** BigInt(decimals) - failure));
  // Rounded up to so many places.
  if (decimals > places) {
    const unit = 10n ** BigInt(decimals - places);
    failure = (failure + unit - 1n) / unit;
  } else failure *= 10n ** BigInt(places - decimals);
  decimals = places;
  const plain = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (adjusted(failure) < -LONGEST) {
    const digits = String(failure);
    return `1 − ${plain(`${digits[0]}.${digits.slice(1)}`)}e${adjusted(failure)}`;
  }
  return plain(written(10n ** BigInt(decimals) - failure, decimals - shift)) + unit;
}

/** An error that was counted, or the upper limit of one that was estimated. */
const worstError = ({ train, upper }, digits = 2) => (upper > train ? atMost : percent)(upper, digits);

/** A number of bytes as a person reads it (kB = 1000 bytes). */
function size(bytes, digits) {
  const magnitude = Math.abs(bytes);
  if (magnitude < 1000) return `${(magnitude < 0.5 ? 0 : bytes).toFixed(0)} B`;
  if (magnitude >= 1e6) return `${(bytes / 1e6).toFixed(digits ?? 2)} MB`;
  return `${(bytes / 1000).toFixed(digits ?? (magnitude < 1e4 ? 2 : 1))} kB`;
}

/** A size below which something holds: rounded down to the digits that `size` shows. */
function sizeBelow(bytes) {
  const step = bytes < 1000 ? 1 : bytes < 1e4 ? 10 : bytes < 1e6 ? 100 : 1e4;
  return size(Math.floor(bytes / step) * step);
}

// What a picture shows, as pacviz/words/takeaways.py has it; SENTENCES come from there.
const POINTS = 0.01, DECADES = 0.01;
const filled = (sentence, ...words) => words.reduce((text, word) => text.replace("{}", () => word), sentence);

/** How a curve goes: "rising", "falling", "flat", "dips", "peaks" or "mixed"; moves of `tolerance` or less are none. */
function shape(values, tolerance) {
  const moves = [];
  let low = values[0], high = values[0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    const going = moves.at(-1);
    let turn = going !== "rising" && value - low > tolerance ? "rising" : "";
    if (going !== "falling" && high - value > tolerance) turn = "falling";
    if (turn) {
      moves.push(turn);
      low = high = value;
    }
  }
  return { "": "flat", rising: "rising", falling: "falling", "falling rising": "dips", "rising falling": "peaks" }[moves.join(" ")] ?? "mixed";
}

const placed = (axis, x) => (axis === "bits" ? String(x) : `${Number((100 * x).toFixed(2))}%`);

/** What bounds along an axis show, with the training errors there. */
function boundTakeaway(axis, x, bounds, errors, vacuous) {
  const sentences = SENTENCES.bound[axis], smallest = Math.min(...bounds), lowest = bounds.indexOf(smallest);
  if (bounds.length < 2) return sentences.unknown;
  if (smallest >= vacuous) return sentences.vacuous;
  let kind = shape(bounds, POINTS);
  if (kind === "dips" && errors.at(-1) - errors[lowest] > (bounds.at(-1) - bounds[lowest]) / 2) kind = "breaks";
  return filled(sentences[kind], placed(axis, x[kind === "peaks" ? bounds.indexOf(Math.max(...bounds)) : lowest]));
}

/** What effective sizes in bytes along an axis show. */
function sizeTakeaway(axis, x, sizes) {
  const sentences = SENTENCES.size[axis];
  if (sizes.length < 2) return sentences.unknown;
  const kind = shape(sizes.map((bytes) => Math.log10(Math.max(bytes, 1))), DECADES);
  return filled(sentences[kind], placed(axis, x[sizes.indexOf((kind === "peaks" ? Math.max : Math.min)(...sizes))]));
}

/** Into which of these, [[name, amount], …], most goes. */
function chargesTakeaway(charges) {
  const positive = charges.filter(([, amount]) => amount > 0), sum = positive.reduce((all, [, amount]) => all + amount, 0);
  if (!positive.length) return SENTENCES.charges.none;
  const [name, amount] = positive.reduce((best, one) => (one[1] > best[1] ? one : best));
  return filled(SENTENCES.charges[2 * amount > sum ? "mostly" : "most"], name);
}

/** Where a bound turns vacuous along the size or n; place: null where it is vacuous everywhere. */
function turnTakeaway(axis, bound, place) {
  const [there, nowhere] = SENTENCES.turns[axis];
  return place === null ? nowhere : filled(there, bound, place);
}

/** What it costs to be so many times surer. */
function surerTakeaway(times, bound, surer, vacuous) {
  const { becomes, stays, vacuous: hopeless, surest } = SENTENCES.surer;
  if (times < 2) return filled(surest, atMost(bound));
  const often = times >= 999_999 ? "A million" : count(times);
  if (bound >= vacuous) return filled(hopeless, often[0].toLowerCase() + often.slice(1));
  return atMost(bound) === atMost(surer) ? filled(stays, often, atMost(bound)) : filled(becomes, often, atMost(bound), atMost(surer));
}
