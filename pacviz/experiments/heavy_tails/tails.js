// Heavy tails: recorded networks over step size, batch size and width, redrawn in every frame in which a slider moved.

const HEIGHT = 320;
const log = (x) => Math.log10(Math.max(x, 1e-300));
const short = (x) => String(Number(x.toPrecision(2)));
/** A logarithmic axis from low to high. */
const logarithmic = (low, high) => (x) => (log(x) - log(low)) / (log(high) - log(low));
const SHARES = [0, 0.2, 0.4, 0.6, 0.8, 1];
const MAGNITUDES = Array.from({ length: 60 }, (_, i) => 0.3 * 100 ** (i / 59));
const CHARTS_OF_TAILS = ["alpha", "weights", "error", "accuracy", "bound", "chance"];

/** P(|z| > x) of a standard normal number (Abramowitz and Stegun 7.1.26 for small x, its expansion for large). */
function gaussianTail(x) {
  const z = x / Math.SQRT2;
  if (z > 3) return Math.exp(-z * z) / (z * Math.sqrt(Math.PI)) * (1 - 1 / (2 * z * z) + 3 / (4 * z ** 4));
  const t = 1 / (1 + 0.3275911 * z);
  return Math.exp(-z * z) * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
}

/** Where ln P passes x, between the recorded magnitudes; null outside. */
function survival(x, magnitudes, survivals) {
  for (let i = 1; i < magnitudes.length; i++) {
    const [low, high] = [magnitudes[i - 1], magnitudes[i]];
    if (x < low || x > high) continue;
    const share = high > low ? (log(x) - log(low)) / (log(high) - log(low)) : 0;
    return 10 ** (log(survivals[i - 1]) + share * (log(survivals[i]) - log(survivals[i - 1])));
  }
  return null;
}

class Tails extends Live {
  constructor(element, host) {
    super(element, host);
    this.root.classList.add("tails");
  }

  plan() { return [this.data.what, this.data.explanation, this.data.present, this.data.ratios, this.data.widths, this.data.layers]; }

  build() {
    const { data } = this, part = (name, attributes = {}, tag = "div") => html(tag, { class: name, ...attributes }, this.root);
    const head = part("head", {}, "header");
    this.headline = html("h2", {}, head);
    const says = html("p", { class: "says" }, head);
    html("span", { class: "badge", "data-how": "recorded", text: "● recorded networks" }, says);
    this.verdict = html("span", {}, says);
    const controls = part("controls", { role: "group", "aria-label": "Settings" });
    const moved = (name, value) => this.move(name, value), released = () => this.release();
    this.fields = {};
    for (const name of ["ratio", "width", "kept"]) this.fields[name] = new Slider(controls, data.controls[name], moved, released);
    this.choice(controls, "way", data.controls.way.title, data.controls.way.help, Object.entries(data.ways));
    this.fields.layer = new Segments(controls, "layer", data.controls.layer.title, data.controls.layer.help,
      data.layers.map((name) => [name, name]), (name, value) => { this.move(name, value); released(); });
    part("note", { text: data.explanation }, "p");
    const charts = part("charts");
    for (const name of CHARTS_OF_TAILS) this.figure(charts, name);
    this.charts = Object.fromEntries(CHARTS_OF_TAILS.map((name) => [name, this.chart(name, this.hosts[name], this.scale)]));
    const shell = part("shell", {}, "p");
    html("code", { tabindex: 0, text: data.command }, shell);
    html("button", { type: "button", text: "Copy", hidden: !navigator.clipboard, title: "Copy this line for a shell", onclick: () => navigator.clipboard.writeText(data.command) }, shell);
    this.take(part("take", { role: "group", "aria-label": "Take it away" }));
    this.status = part("hidden", { role: "status" }, "p");
  }

  get ratioLines() { return this.data.ratios.map((_, i) => `r${i}`); }

  linesOf(name) {
    const { data } = this;
    return {
      alpha: [...data.layers.map((layer) => `l_${layer}`), "start"], weights: ["measured", "gaussian", "tail"],
      error: [...this.ratioLines, "gaussian"], accuracy: this.ratioLines,
      bound: Object.keys(data.ways).map((way) => `w_${way}`), chance: ["within", "between", "chance"],
    }[name];
  }

  chart(name, host, scale = 1) { return new LineChart(host, `tails-${name}`, this.linesOf(name), this.styles, {}, 1, scale); }

  axes(name) {
    const { data } = this, { ratios, widths } = data;
    const ratio = { title: "step size over batch size η/b (logarithmic)", text: (x) => `η/b = ${short(x)}`, place: logarithmic(ratios[0] / 1.2, ratios.at(-1) * 1.2), at: ratios, label: short };
    const kept = { title: "share of weights kept (logarithmic)", text: (x) => `${percent(x, 0)} kept`, place: logarithmic(Math.min(...data.kept) / 1.15, 1.15), at: data.kept.toReversed(), label: (x) => percent(x, 0) };
    const width = { title: "width (hidden units a layer, logarithmic)", text: (x) => `width ${x}`, place: logarithmic(widths[0] / 1.3, widths.at(-1) * 1.3), at: widths, label: String };
    const size = { title: "|w| in standard deviations (logarithmic)", text: (x) => `|w| = ${short(x)} deviations`, place: logarithmic(0.3, 30), at: [0.3, 1, 3, 10, 30], label: String };
    const x = { alpha: ratio, bound: ratio, error: kept, accuracy: kept, chance: width, weights: size }[name];
    const share = { place: (y) => y, ticks: SHARES.map((y) => [y, percent(y, 0)]), text: (y) => percent(y, 1) };
    const indices = [0.8, 1, 1.2, 1.4, 1.6, 1.8, 2], index = (y) => (y - 0.7) / 1.4, powers = [0, -1, -2, -3, -4, -5];
    const y = {
      alpha: { title: "tail index α", place: index, ticks: indices.map((value) => [index(value), value.toFixed(1)]), text: (value) => value.toFixed(2) },
      weights: { title: "share of weights that are larger", place: (value) => 1 + log(value) / 5.5, ticks: powers.map((power) => [1 + power / 5.5, ["1", ".1", ".01", ".001", "10⁻⁴", "10⁻⁵"][-power]]), text: (value) => `a share of ${short(value)}` },
      error: { ...share, title: "relative error of the layer" },
      accuracy: { ...share, title: "accuracy on fresh images" },
      bound: { ...share, title: "true error below", text: (value) => atMost(value, 1), shade: { from: data.vacuous, title: "vacuous" } },
      chance: { title: "mean |correlation| of weights", place: (value) => value / 0.4, ticks: [0, 0.1, 0.2, 0.3, 0.4].map((value) => [value / 0.4, value.toFixed(1)]), text: (value) => value.toFixed(3) },
    }[name];
    return [{ ...x, ticks: x.at.map((value) => [x.place(value), x.label(value)]) }, y];
  }

  ground(name, chart, width, height) {
    const [x, y] = this.axes(name);
    chart.y = y;
    chart.layout(width, height, x, "");
  }

  /** The present cell: of the width and the ratio. */
  get row() { return this.data.cells[this.data.widths.indexOf(this.state.width)]; }
  get cell() { return this.row[this.data.ratios.indexOf(this.state.ratio)]; }

  curves(name) {
    const { data, state, row, cell } = this, all = (values) => ({ recorded: values.map(() => true), told: values.map(() => true) });
    const layer = cell.layers[state.layer], of = (cells, tell) => cells.map((one) => tell(one) ?? null);
    if (name === "alpha") {
      const told = Object.fromEntries(data.layers.map((one) => [`l_${one}`, of(row, (found) => found.layers[one]?.alpha?.[0])]));
      const line = `l_${state.layer}`, band = [1, 2].map((i) => of(row, (found) => found.layers[state.layer]?.alpha?.[i]));
      return { x: data.ratios, ...all(data.ratios), ...told, start: of(row, (found) => found.layers[state.layer]?.start), band: { [line]: band } };
    }
    if (name === "weights") {
      const known = layer && layer.hill !== null, from = known ? survivalPlace(layer) : null;
      return {
        x: MAGNITUDES, recorded: MAGNITUDES.map(() => false), told: MAGNITUDES.map(() => true),
        measured: MAGNITUDES.map((x) => (layer ? survival(x, layer.magnitudes, layer.survivals) : null)),
        gaussian: MAGNITUDES.map((x) => { const p = gaussianTail(x); return p > 10 ** -5.5 ? p : null; }),
        tail: MAGNITUDES.map((x) => {
          if (!known || x < from) return null;
          const p = layer.tail * (x / from) ** -layer.hill;
          return p > 10 ** -5.5 ? p : null;
        }),
      };
    }
    if (name === "error" || name === "accuracy") {
      const order = data.kept.map((_, i) => i).reverse(), x = order.map((i) => data.kept[i]);
      const value = (found, i) => (name === "accuracy" ? found.accuracy[state.way][i] : found.layers[state.layer]?.errors[data.of[state.way]][i]) ?? null;
      const lines = Object.fromEntries(row.map((found, number) => [`r${number}`, order.map((i) => value(found, i))]));
      return { x, ...all(x), ...lines, gaussian: order.map((i) => data.gaussian[i]) };
    }
    if (name === "bound") {
      const lines = Object.fromEntries(Object.keys(data.ways).map((way) => [`w_${way}`, of(row, (found) => found.bound[way]?.[0])]));
      return { x: data.ratios, ...all(data.ratios), ...lines, band: { [`w_${state.way}`]: [1, 2].map((i) => of(row, (found) => found.bound[state.way]?.[i])) } };
    }
    const at = data.ratios.indexOf(state.ratio), column = data.cells.map((cells) => cells[at].layers[state.layer]);
    return { x: data.widths, ...all(data.widths), within: of(column, (one) => one?.within?.[0]), between: of(column, (one) => one?.between?.[0]), chance: of(column, (one) => one?.within?.[1]) };
  }

  /** The line that is drawn widest, and where the mark stands on it: [line, place]. */
  chosen(name) {
    const { state, data } = this, ratio = `r${data.ratios.indexOf(state.ratio)}`;
    return {
      alpha: [`l_${state.layer}`, state.ratio], weights: ["measured", null], error: [ratio, state.kept], accuracy: [ratio, state.kept],
      bound: [`w_${state.way}`, state.ratio], chance: ["within", state.width],
    }[name];
  }

  titleOf(name) {
    const { state, data } = this, { ratio, width, layer, way, kept } = state;
    const key = { alpha: [width, layer], weights: [width, layer, ratio], error: [width, layer, way], accuracy: [width, way, kept], bound: [width, way], chance: [layer, ratio] }[name];
    return data.titles[name][key.join(" ")] ?? "Nothing is recorded here: these networks diverged";
  }

  update(name, chart) {
    const curves = this.curves(name), [line, place] = this.chosen(name), y = curves[line][curves.x.indexOf(place)] ?? null;
    chart.update(curves, line, y === null ? null : { x: place, y, text: chart.y.text(y), line });
    chart.frame.entitle(this.titleOf(name));
  }

  paint(name, chart, width, height) {
    this.ground(name, chart, width, height);
    this.update(name, chart);
  }

  draw() {
    this.drawWords();
    if (!this.layoutKey) {
      this.layoutKey = "laid out";
      for (const [name, chart] of Object.entries(this.charts)) this.ground(name, chart, ...this.spaceOf(name, HEIGHT));
    }
    for (const [name, field] of Object.entries(this.fields)) field.show(this.state[name]);
    if (this.choices.way.value !== this.state.way) this.choices.way.value = this.state.way;
    for (const [name, chart] of Object.entries(this.charts)) this.update(name, chart);
    if (this.settled) this.settle();
  }

  drawWords() {
    const { state, data, cell } = this, alpha = cell.alpha?.[0], accuracy = cell.accuracy[state.way][data.kept.indexOf(state.kept)];
    const diverged = cell.ended.diverged ?? 0, all = Object.values(cell.ended).reduce((sum, one) => sum + one, 0);
    write(this.headline, alpha === undefined
      ? `η/b = ${short(state.ratio)}, width ${state.width}: ${all ? "every network diverged" : "nothing is recorded"}`
      : `η/b = ${short(state.ratio)}, width ${state.width}: tail index α = ${alpha.toFixed(2)}; with ${percent(state.kept, 0)} of the weights ${accuracy === null ? "–" : percent(accuracy, 0)} right`);
    write(this.verdict, ` ${data.what}.${diverged && alpha !== undefined ? ` ${diverged} of ${all} diverged here.` : ""}`);
  }

  settle() {
    for (const [name, chart] of Object.entries(this.charts)) chart.frame.describe(`${this.titleOf(name)}. ${chart.y.title} against ${chart.x.title}.`);
    write(this.status, this.headline.textContent);
  }

  source() { return `pacviz, heavy tails: ${this.data.command}`; }

  snapshot() { return { setting: this.state, cells: this.data.cells, ratios: this.data.ratios, widths: this.data.widths, kept: this.data.kept }; }

  rows() {
    const { data } = this;
    const rows = data.widths.flatMap((width, w) => data.ratios.flatMap((ratio, r) => Object.keys(data.ways).flatMap((way) => data.kept.map((kept, k) => {
      const found = data.cells[w][r];
      return [width, ratio, way, kept, found.alpha?.[0] ?? null, found.test, found.accuracy[way][k], found.bound[way]?.[0] ?? null, found.bytes[way]];
    }))));
    return [["width", "ratio", "pruning", "kept", "alpha", "test_error", "accuracy", "best_bound", "best_bytes"], ...rows];
  }
}

/** The magnitude at which the fitted tail begins. */
function survivalPlace(layer) {
  const { survivals, magnitudes } = layer;
  for (let i = 1; i < survivals.length; i++) {
    if (survivals[i] > layer.tail) continue;
    const share = (log(layer.tail) - log(survivals[i - 1])) / (log(survivals[i]) - log(survivals[i - 1]));
    return 10 ** (log(magnitudes[i - 1]) + share * (log(magnitudes[i]) - log(magnitudes[i - 1])));
  }
  return magnitudes.at(-1);
}

/** As `mounter` says; data of `heavy_tails.payload` in Python. */
export const mount = mounter(Tails);
