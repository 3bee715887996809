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

/** Catoni's bound with a union over lambda, and the lambda that attains it: a grid, zoomed into. */
function catoniOptimum(risk, kl, n, delta) {
  const nodes = 24, logAlpha = Math.log(ALPHA);
  let low = 0, high = Math.log(1000 * n), best, bestAt;
  for (let zoom = 0; zoom < 6; zoom++) {
    const step = (high - low) / nodes;
    best = Infinity;
    for (let i = 0; i <= nodes; i++) {
      const logLam = low + i * step, a = Math.exp(logLam) / n;
      const union = 2 * Math.log((2 * logAlpha + logLam) / logAlpha);
      const value = Math.expm1(-a * risk - ALPHA / n * (kl - Math.log(delta) + union)) / Math.expm1(-a);
      if (value < best) [best, bestAt] = [value, logLam];
    }
    [low, high] = [Math.max(low, bestAt - step), Math.min(high, bestAt + step)];
  }
  return [Math.min(1, Math.max(risk, best)), Math.exp(bestAt)];
}

const BOUNDS = {
  catoni: (risk, kl, n, delta) => catoniOptimum(risk, kl, n, delta)[0],
  seeger: (risk, kl, n, delta) => klInverse(risk, (kl + maurer(n, delta)) / n),
  mcallester: (risk, kl, n, delta) => Math.min(1, risk + Math.sqrt((kl + maurer(n, delta)) / (2 * n))),
  occam: (risk, kl, n, delta) => klInverse(risk, (kl - Math.log(delta)) / n),
};

/** The K in nats at which Maurer-Seeger meets the target, or null where none does. */
function largestKl(risk, target, n, delta) {
  const room = n * binaryKl(risk, target) - maurer(n, delta);
  return target > risk && room >= 0 ? room : null;
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
  const a = errors + 1, b = draws - errors, target = 1 - failure;
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  let low = 0, high = 1, p = Math.min(0.999, (errors + 2 + 2 * Math.sqrt(errors + 1)) / (draws + 4));
  for (let step = 0; step < 80; step++) {
    const gap = incompleteBeta(p, a, b) - target;
    if (gap < 0) low = p; else high = p;
    const slope = Math.exp((a - 1) * Math.log(p) + (b - 1) * Math.log1p(-p) - logBeta);
    let next = p - gap / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - p) < 1e-12) return next;
    p = next;
  }
  return high;
}
