// The formulas of pacviz/bounds, for a browser: a test holds each to its Python twin.

/** kl(q || p) in nats, written so that nothing cancels where p is near q. */
function binaryKl(q, p) {
  const d = p - q;
  if (d === 0) return 0;
  if (p <= 0 || p >= 1) return Infinity;
  const excess = (x, onePlusX) => (Math.abs(x) > 0.01 ? x - Math.log(onePlusX)
    : x * x * (1 / 2 - x * (1 / 3 - x * (1 / 4 - x * (1 / 5 - x * (1 / 6 - x * (1 / 7 - x / 8)))))));
  const wrong = q > 1e-300 ? q * excess(d / q, p / q) : d;
  const right = q < 1 ? (1 - q) * excess(-d / (1 - q), (1 - p) / (1 - q)) : -d;
  return wrong + right;
}

/** Largest p >= risk with kl(risk || p) <= budget: the upper end of the last bracket. */
function klInverse(risk, budget) {
  let low = risk, high = 1;
  for (let step = 0; step < 44; step++) {
    const middle = (low + high) / 2;
    if (binaryKl(risk, middle) < budget) low = middle; else high = middle;
  }
  return high;
}

const maurer = (n, delta) => Math.log(2 * Math.sqrt(n)) - Math.log(delta);
const ALPHA = 1.0001;

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Catoni's bound with a union over lambda, and the lambda that attains it: a grid, and the golden section around its best. */
function catoniOptimum(risk, kl, n, delta) {
  const nodes = 24, logAlpha = Math.log(ALPHA), paid = kl - Math.log(delta), end = Math.log(1000 * n), step = end / nodes;
  let best = Infinity, bestAt = 0;
  const at = (logLam) => {
    const a = Math.exp(logLam) / n, union = 2 * Math.log((2 * logAlpha + logLam) / logAlpha);
    const value = Math.expm1(-a * risk - ALPHA / n * (paid + union)) / Math.expm1(-a);
    if (value < best) { best = value; bestAt = logLam; }
    return value;
  };
  for (let i = 0; i <= nodes; i++) at(i * step);
  let low = Math.max(0, bestAt - step), high = Math.min(end, bestAt + step);
  let left = high - GOLDEN * (high - low), right = low + GOLDEN * (high - low), leftValue = at(left), rightValue = at(right);
  for (let i = 0; i < 24; i++) {
    if (leftValue < rightValue) {
      high = right; right = left; rightValue = leftValue;
      left = high - GOLDEN * (high - low); leftValue = at(left);
    } else {
      low = left; left = right; leftValue = rightValue;
      right = low + GOLDEN * (high - low); rightValue = at(right);
    }
  }
  return [Math.min(1, Math.max(risk, best)), Math.exp(bestAt)];
}

const BOUNDS = {
  catoni: (risk, kl, n, delta) => catoniOptimum(risk, kl, n, delta)[0],
  seeger: (risk, kl, n, delta) => klInverse(risk, (kl + maurer(n, delta)) / n),
  mcallester: (risk, kl, n, delta) => Math.min(1, risk + Math.sqrt((kl + maurer(n, delta)) / (2 * n))),
  occam: (risk, kl, n, delta) => klInverse(risk, (kl - Math.log(delta)) / n),
};
/** Those that hold without noise only. */
const DETERMINISTIC_ONLY = new Set(["occam"]);

/** The K in nats at which Maurer-Seeger meets the target, or null where none does. */
function largestKl(risk, target, n, delta) {
  const room = n * binaryKl(risk, target) - maurer(n, delta);
  return target > risk && room >= 0 ? room : null;
}

/** The geometric mean of limits that lie far apart, else the arithmetic one. */
const between = (low, high) => (high < 4 * low || low === 0 ? (low + high) / 2 : Math.sqrt(low * high));

/** The smallest n, 8 or more, at which a bound is below the target, or null where there is none up to 10^12. */
function leastExamples(bound, risk, kl, delta, target) {
  let low = 7, high = 1e12;
  if (bound(risk, kl, high, delta) >= target) return null;
  while (high - low > 1) {
    const middle = Math.trunc(between(low, high));
    if (bound(risk, kl, middle, delta) < target) high = middle; else low = middle;
  }
  return high;
}

/** The largest K in nats at which a bound is below the target, to six digits, or null where not even K = 0 is small enough. */
function mostNats(bound, risk, n, delta, target) {
  let low = 0, high = 1e-3;
  if (bound(risk, 0, n, delta) >= target) return null;
  while (bound(risk, high, n, delta) < target) [low, high] = [high, 1024 * high];
  while (high - low > Math.max(1e-6 * high, 1e-3)) {
    const middle = between(low, high);
    if (bound(risk, middle, n, delta) < target) low = middle; else high = middle;
  }
  return low;
}

function logGamma(x) {
  // Stirling's series after shifting x above 8: 1e-13 and better.
  let shift = 0;
  for (; x < 8; x++) shift -= Math.log(x);
  const y = 1 / (x * x);
  const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * 691 / 360360))))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/** Regularised incomplete beta function by its continued fraction (Lentz). */
function incompleteBeta(x, a, b) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  const guard = (value) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1, d = 1 / guard(1 - (a + b) * x / (a + 1)), fraction = d;
  for (let m = 1; m < 2000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d); c = guard(1 + even / c); fraction *= d * c;
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d); c = guard(1 + odd / c);
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-14) break;
  }
  return front * fraction;
}

/** Clopper-Pearson upper limit: the p at which `errors` or fewer of `draws` have probability `failure`. */
function upperLimit(errors, draws, failure) {
  if (errors >= draws) return 1;
  const a = errors + 1, b = draws - errors;
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  let low = 0, high = 1, p = Math.min(0.999, (errors + 2 + 2 * Math.sqrt(errors + 1)) / (draws + 4));
  for (let step = 0; step < 80; step++) {
    const gap = failure - incompleteBeta(1 - p, b, a);
    if (gap < 0) low = p; else high = p;
    const slope = Math.exp((a - 1) * Math.log(p) + (b - 1) * Math.log1p(-p) - logBeta);
    let next = p - gap / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - p) < 1e-12) return next;
    p = next;
  }
  return high;
}
