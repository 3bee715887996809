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
  if (magnitude < 1000) return `${bytes.toFixed(0)} B`;
  if (magnitude >= 1e6) return `${(bytes / 1e6).toFixed(digits ?? 2)} MB`;
  return `${(bytes / 1000).toFixed(digits ?? (magnitude < 1e4 ? 2 : 1))} kB`;
}

/** A size below which something holds: rounded down to the digits that `size` shows. */
function sizeBelow(bytes) {
  const step = bytes < 1000 ? 1 : bytes < 1e4 ? 10 : bytes < 1e6 ? 100 : 1e4;
  return size(Math.floor(bytes / step) * step);
}
