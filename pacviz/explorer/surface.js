// A response surface and what it says at a point: recorded cells, mixed linearly between them.

const BITS_PER_NAT = 1 / Math.LN2;

/** The surface in a gzipped JSON text, given in base64. */
async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/** The numbers of a measured cell at a delta; an error that is estimated spends its share of it on its upper limit. */
function numbersOf(cell, delta) {
  const [errors, draws, borderline] = cell.train, { share } = cell, failure = share * delta;
  return {
    train: errors / draws,
    upper: share === 0 ? (errors + borderline) / draws : upperLimit(errors + borderline, draws, failure),
    test: cell.test[0] / cell.test[1],
    bits: cell.bits,
    code: cell.code_bytes,
    nonzeros: cell.nonzeros,
    parts: cell.parts.flat(),
    share,
  };
}

function mix(pairs) {
  if (pairs.length === 1) return pairs[0][1];
  const result = { parts: pairs[0][1].parts.map(() => 0), train: 0, upper: 0, test: 0, bits: 0, code: 0, nonzeros: 0 };
  for (const [weight, numbers] of pairs) {
    for (const name of ["train", "upper", "test", "bits", "code", "nonzeros"]) result[name] += weight * numbers[name];
    for (let i = 0; i < result.parts.length; i++) result.parts[i] += weight * numbers.parts[i];
  }
  result.share = Math.max(...pairs.map(([, numbers]) => numbers.share));
  return result;
}

/** Neighbours of a value on an ascending axis as [index, weight], [] outside of it; linear in `warp` of the value. */
function bracket(axis, value, warp = (x) => x) {
  const exact = axis.findIndex((x) => Math.abs(x - value) < 1e-9);
  if (exact >= 0) return [[exact, 1]];
  const above = axis.findIndex((x) => x > value);
  if (above <= 0) return [];
  const [low, high] = [warp(axis[above - 1]), warp(axis[above])];
  const weight = (warp(value) - low) / (high - low);
  return [[above - 1, 1 - weight], [above, weight]];
}

/** A surface as `Surface.to_dict` of Python gives it, with a function `at`; a file of format 2 tells only what is exact. */
function openSurface(raw, shares) {
  const { sparsity, bits, noise } = raw.grid;
  const cells = { ...raw.cells, share: raw.cells.share ?? raw.cells.exact.map((exact) => (exact ? 0 : shares.preview)) };
  let memo = new Map(), memoDelta = null;
  function numbers(i, j, k, delta) {
    if (delta !== memoDelta) [memo, memoDelta] = [new Map(), delta];
    const index = (i * bits.length + j) * noise.length + k;
    if (!memo.has(index)) {
      const cell = Object.fromEntries(Object.entries(cells).map(([name, column]) => [name, column[index]]));
      memo.set(index, numbersOf(cell, delta));
    }
    return memo.get(index);
  }
  return {
    grid: raw.grid,
    /** Numbers at a setting, and whether that very point was recorded; null outside of the grid. */
    at(state) {
      const alongBits = bracket(bits, state.bits);
      if (alongBits.length !== 1) return null;
      const pairs = [];
      for (const [i, u] of bracket(sparsity, state.sparsity))
        for (const [k, w] of bracket(noise, state.noise))
          pairs.push([u * w, numbers(i, alongBits[0][0], k, state.delta)]);
      return pairs.length ? { ...mix(pairs), how: pairs.length === 1 ? "recorded" : "interpolated" } : null;
    },
  };
}

/**
 * The numbers with everything that follows from them: what is charged in nats (K and the architecture), K in bytes, all
 * bounds, the chosen one.
 */
function evaluate(state, numbers, known) {
  const n = state.n || known.n, delta = (numbers.share > 0 ? known.shares.bound : 1) * state.delta;
  const architecture = known.architecture_bits / 8, kl = (numbers.bits + known.architecture_bits) / BITS_PER_NAT, bounds = {};
  for (const name of Object.keys(BOUNDS))
    bounds[name] = state.noise > 0 && DETERMINISTIC_ONLY.has(name) ? null : BOUNDS[name](numbers.upper, kl, n, delta);
  return { ...numbers, n, delta, kl, bytes: numbers.bits / 8, architecture, bounds, bound: bounds[state.bound] };
}

/** The chosen bound in the values of `evaluate` where the architecture is taken as fixed before the data. */
const withoutArchitecture = (state, values) => BOUNDS[state.bound](values.upper, values.bits / BITS_PER_NAT, values.n, values.delta);

/** The setting of the smallest chosen bound on the grid. */
function sweetSpot(surface, state, known) {
  let best = null;
  for (const sparsity of surface.grid.sparsity)
    for (const bits of surface.grid.bits)
      for (const noise of surface.grid.noise) {
        const point = { ...state, sparsity, bits, noise };
        const bound = evaluate(point, surface.at(point), known).bound;
        if (bound !== null && (best === null || bound < best.bound)) best = { bound, sparsity, bits, noise };
      }
  return best && { sparsity: best.sparsity, bits: best.bits, noise: best.noise };
}

/** Positions of a curve along an axis: the grid, and enough between its points (some forty in all) to show how they are joined. */
function positions(axis, grid) {
  const values = grid[axis], between = axis === "bits" ? 1 : Math.ceil(40 / values.length);
  const result = [];
  values.forEach((value, index) => {
    const next = values[index + 1];
    result.push({ value, recorded: true });
    if (next === undefined) return;
    for (let step = 1; step < between; step++) {
      const t = step / between;
      const inside = axis === "sparsity"
        ? 1 - (1 - value) ** (1 - t) * Math.max(1 - next, 1e-4) ** t : value + t * (next - value);
      result.push({ value: inside, recorded: false });
    }
  });
  return result;
}

/** Every line along an axis through a setting: {x: [...], recorded: [...], name: [...]}. */
function curvesOf(surface, state, known) {
  const result = { x: [], recorded: [] };
  const names = ["train", "test", "code", "bytes", ...Object.keys(BOUNDS)];
  for (const name of names) result[name] = [];
  for (const { value, recorded } of positions(state.along, surface.grid)) {
    const point = { ...state, [state.along]: value }, numbers = surface.at(point);
    if (!numbers) continue;
    const values = evaluate(point, numbers, known);
    result.x.push(value);
    result.recorded.push(recorded);
    for (const name of names) result[name].push(name in values.bounds ? values.bounds[name] : values[name]);
  }
  return result;
}
