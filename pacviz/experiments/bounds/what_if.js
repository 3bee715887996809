// What if?  The bounds as curves of the size, of n and of delta: no network, no data, in every frame.

const HEIGHT = 330;
const clamp = (x) => Math.min(1, Math.max(0, x));
const amount = (x) => x.toLocaleString("en-US", { maximumFractionDigits: 1 });
const round = (x, digits) => Number(x.toPrecision(digits));
const each = (tell) => Object.fromEntries(Object.keys(BOUNDS).map((name) => [name, tell(BOUNDS[name], name)]));

/** What follows from a point: K in nats and bytes, every bound, where each turns vacuous, and what being surer costs. */
function consequences(point, known) {
  const { n, risk, delta, classes } = point, nats = known.nats_per, kl = point.kl * nats[point.unit], guessing = 1 - 1 / classes;
  const bounds = each((bound) => bound(risk, kl, n, delta)), surely = Math.max(delta / known.surer, known.least_delta);
  return {
    n, delta, kl, bytes: point.kl * (nats[point.unit] / nats.bytes), train: risk, upper: risk, bounds, bound: bounds[point.bound], guessing,
    least_n: each((bound) => leastExamples(bound, risk, kl, delta, guessing)),
    most_nats: each((bound) => mostNats(bound, risk, n, delta, guessing)),
    surer: { times: delta / surely, bound: BOUNDS[point.bound](risk, kl, n, surely) },
  };
}

/** What the curves may run along: the symbol, the present place, a bound's arguments elsewhere, and the takeaway. */
const AGAINST = {
  size: {
    symbol: "K", side: "end", title: "complexity K as a size", text: (bytes) => `K = ${size(bytes)}`, present: (result) => result.bytes,
    at: (bytes, result, known) => [result.train, bytes * known.nats_per.bytes, result.n, result.delta],
    turn: (result, name, known) => result.most_nats[name] === null ? null : result.most_nats[name] / known.nats_per.bytes,
    says: (bound, bytes) => turnTakeaway("size", bound, bytes === null ? null : size(bytes)),
  },
  n: {
    symbol: "n", side: "start", title: "training examples n", text: (n) => `n = ${count(n)}`, present: (result) => result.n,
    at: (n, result) => [result.train, result.kl, n, result.delta],
    turn: (result, name) => result.least_n[name],
    says: (bound, n) => turnTakeaway("n", bound, n === null ? null : count(n)),
  },
  delta: {
    symbol: "delta", title: "failure probability δ", text: (delta) => `δ = ${round(delta, 2)}`, present: (result) => result.delta,
    at: (delta, result) => [result.train, result.kl, result.n, delta],
    turn: () => null,
  },
};

class WhatIf extends Live {
  constructor(element, host) {
    super(element, host);
    this.root.classList.add("what-if");
  }

  /** What the page is built anew for: nothing that a visitor can change. */
  plan() { return [Object.keys(this.data.bounds), this.data.present]; }

  build() {
    const { data } = this, part = (name, attributes = {}, tag = "div") => html(tag, { class: name, ...attributes }, this.root);
    const head = part("head", {}, "header");
    this.headline = html("h2", {}, head, html("span"), html("b", { "data-sym": "R" }));
    const says = html("p", { class: "says" }, head);
    html("span", { class: "badge", "data-how": "what-if", text: "? what if" }, says);
    [this.verdict, this.why] = [html("strong", {}, says), html("span", {}, says)];
    this.buildControls(part("controls", { role: "group", "aria-label": "Settings" }));
    const presets = part("presets", { role: "group", "aria-label": "Published results, one click each" });
    html("span", { text: "Published, one click each" }, presets);
    this.presets = data.published.filter(({ point }) => point).map(({ name, point, says: text }) =>
      ({ point, button: html("button", { type: "button", title: text, text: name, onclick: () => this.apply(point) }, presets) }));
    const tiles = part("tiles");
    this.tiles = Object.fromEntries(Object.entries(data.bounds).map(([name, bound]) => {
      const tile = html("div", { class: "tile", "data-tile": name }, tiles);
      const only = bound.deterministic_only ? " For one network without noise only." : "";
      help(`${bound.source}.${only} Vacuous: guessing does as well.`, html("div", { class: "label", text: bound.title }, tile));
      return [name, { tile, value: html("strong", {}, tile), least: html("small", {}, tile), most: html("small", {}, tile) }];
    }));
    const charts = part("charts");
    for (const name of Object.keys(AGAINST)) this.figure(charts, name);
    this.charts = Object.fromEntries(Object.keys(AGAINST).map((name) => [name, this.chart(name, this.hosts[name], this.scale)]));
    const formula = html("figure", { class: "formula-box" }, charts);
    this.formulaTitle = html("h3", {}, formula);
    this.formula = new Formula(formula);
    this.units = html("p", { class: "note" }, formula);
    const shell = html("p", { class: "shell" }, formula);
    this.command = html("code", { tabindex: 0 }, shell);
    html("button", { type: "button", text: "Copy", hidden: !navigator.clipboard, title: "Copy this line for a shell", onclick: () => navigator.clipboard.writeText(this.command.textContent) }, shell);
    this.take(part("take", { role: "group", "aria-label": "Take it away" }));
    this.status = part("hidden", { role: "status" }, "p");
  }

  buildControls(host) {
    const { data } = this;
    const moved = (name, value) => this.move(name, value), released = () => this.release();
    this.fields = {};
    for (const control of data.controls) {
      const { name, title } = control;
      if (control.stops) this.fields[name] = new NumberSlider(host, control, moved, released);
      else if (name === "unit")
        this.fields.unit = new Segments(host, name, title, control.help, control.choices, (_, unit) => { this.convert(unit); released(); });
      else if (name === "bound") this.choice(host, name, title, control.help, control.choices);
      else {
        const box = html("div", { class: "slider", "data-control": name }, host), line = html("div", { class: "label" }, box);
        html("span", { text: title }, line);
        help(control.help, line);
        this.fields[name] = new NumberField(box, control, moved, released);
      }
    }
  }

  /** K in another unit (at most what the field allows). */
  convert(unit) {
    const { nats_per: nats } = this.data.known, { state } = this;
    this.move("kl", Math.min(this.fields.kl.control.high, round(state.kl * (nats[state.unit] / nats[unit]), 14)));
    this.move("unit", unit);
  }

  layout() {
    this.layoutKey = this.state.classes;
    this.linked = null;
    for (const [name, chart] of Object.entries(this.charts)) this.ground(name, chart, ...this.spaceOf(name, HEIGHT));
  }

  chart(name, host, scale = 1) { return new LineChart(host, `bounds-${name}`, ["train", ...Object.keys(BOUNDS)], this.styles, {}, 1, scale); }

  ground(name, chart, width, height) {
    const { data, state } = this, guessing = 1 - 1 / state.classes;
    const y = {
      title: "true error below", ticks: [0, 0.2, 0.4, 0.6, 0.8, 1].map((x) => [x, percent(x, 0)]), place: (x) => x, text: (x, line) => (line in BOUNDS ? atMost : percent)(x),
      shade: { from: guessing, title: "vacuous" },
    };
    const { title, text } = AGAINST[name], { low, high, ticks } = data.axes[name], place = (x) => clamp((Math.log10(Math.max(x, 1e-300)) - low) / (high - low));
    const kinds = [[true, "published", "currentColor"], [false, "from its size", "none"]].map(([certified, kind, fill]) => ({
      title: kind, symbol: "star", fill,
      points: data.published.filter((one) => one.certificate === certified && one[name] != null)
        .map((one) => ({ x: one[name], y: one.height, label: name === "size" ? one.label : "", says: one.says })),
    })).filter(({ points }) => points.length);
    chart.y = y;
    chart.layout(width, height, { title, text, place, ticks: ticks.map(([power, label]) => [place(10 ** power), label]) }, "", kinds);
  }

  /** Draws a chart's present state, with its title. */
  update(name, chart) {
    const { state, data, result } = this, title = data.bounds[state.bound].title;
    const { present, turn, says, side } = AGAINST[name], curves = this.curves(name, result);
    const turns = Object.entries(chart.styles).flatMap(([bound, style]) => {
      const x = bound in BOUNDS ? turn(result, bound, data.known) : null, { low, high } = data.axes[name];
      return x === null || x < 10 ** low || x > 10 ** high ? [] : [{
        x, y: result.guessing, symbol: style.symbol, fill: style.colour, stroke: style.colour, says: says(style.title, x),
      }];
    });
    chart.update(curves, state.bound, { x: present(result), y: result.bound, text: atMost(result.bound), line: state.bound, side }, NONE, turns);
    chart.frame.entitle(says ? says(title, turn(result, state.bound, data.known))
      : surerTakeaway(result.surer.times, result.bound, result.surer.bound, result.guessing));
  }

  paint(name, chart, width, height) {
    this.ground(name, chart, width, height);
    this.update(name, chart);
  }

  /** Where a picture comes from: the settings of the link. */
  source() { return `pacviz, what if: ${Object.entries(this.state).filter(([name]) => name !== "seq").map(([name, value]) => `${name} ${value}`).join(", ")}`; }

  /** All bounds along an axis through the present point: the same object as before where they did not move. */
  curves(name, result) {
    const { at } = AGAINST[name], { low, high } = this.data.axes[name], { points } = this.data.known;
    const key = JSON.stringify(at(1, result, this.data.known)), kept = this.charts[name].kept;
    if (kept?.key === key) return kept;
    const x = Array.from({ length: points }, (_, i) => 10 ** (low + (high - low) * i / (points - 1)));
    const places = x.map((value) => at(value, result, this.data.known));
    this.charts[name].kept = {
      key, x, recorded: x.map(() => false), told: x.map(() => true), train: x.map(() => result.train),
      ...each((bound) => places.map((place) => bound(...place))),
    };
    return this.charts[name].kept;
  }

  draw() {
    const { state, data } = this;
    const result = consequences(state, data.known), title = data.bounds[state.bound].title;
    this.result = result;
    // The words come first: how high the charts may be depends on the lines that they take.
    this.drawWords(result);
    if (this.layoutKey !== state.classes) this.layout();
    for (const [name, field] of Object.entries(this.fields)) field.show(state[name]);
    if (this.choices.bound.value !== state.bound) this.choices.bound.value = state.bound;
    for (const [name, chart] of Object.entries(this.charts)) if (this.drawing(this.hosts[name])) this.update(name, chart);
    this.link();
    if (this.drawing(this.formula.host)) this.formula.update(state, result, title);
    if (this.settled) this.settle(result);
  }

  /** What a symbol of the formula lights up. */
  link() {
    const { bound } = this.state;
    if (this.linked === bound) return;
    this.linked = bound;
    for (const [name, chart] of Object.entries(this.charts))
      for (const line of chart.names)
        chart.lines[line][0].parentNode.dataset.of = line === "train" ? "r" : line === bound ? `R ${AGAINST[name].symbol}` : "";
    for (const [name, { tile }] of Object.entries(this.tiles))
      if (name === bound) tile.dataset.sym = "R"; else delete tile.dataset.sym;
  }

  drawWords(result) {
    const { state, data } = this, vacuous = result.bound >= result.guessing, nats = data.known.nats_per;
    const [says, bound] = this.headline.children;
    write(says, `What if these were a network's numbers? With probability ${surely(state.delta)}, a true error below `);
    write(bound, atMost(result.bound));
    this.root.classList.toggle("vacuous", vacuous);
    write(this.verdict, vacuous ? " Vacuous: guessing does as well." : "");
    write(this.why, ` ${round(100 * state.risk, 4)} % errors on ${count(state.n)} training examples, ${size(result.bytes)} to describe the network. `
      + (vacuous || result.surer.times < 2 ? "" : `Being ${count(result.surer.times)} times surer costs ${atMost(result.surer.bound - result.bound).replace("%", " points")}.`));
    for (const [name, { value, least, most, tile }] of Object.entries(this.tiles)) {
      const nothing = result.bounds[name] >= result.guessing;
      write(value, atMost(result.bounds[name]));
      write(least, result.least_n[name] === null ? "vacuous at every n" : `${nothing ? "vacuous: n is below" : "vacuous below n ="} ${count(result.least_n[name])}`);
      write(most, result.most_nats[name] === null ? "vacuous at every size" : `and ${nothing ? "K above" : "above"} ${size(result.most_nats[name] / nats.bytes)}`);
      tile.classList.toggle("says-nothing", nothing);
    }
    for (const { point, button } of this.presets) {
      const shown = ["n", "risk", "classes"].every((name) => point[name] === state[name]) && Math.abs(point.kl * nats[point.unit] / result.kl - 1) < 1e-9;
      const pressed = String(shown);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
    const { title, source } = data.bounds[state.bound];
    write(this.formulaTitle, `${title}: ${atMost(result.bound)} (${source})`);
    write(this.units, `K = ${amount(result.kl)} nats = ${amount(result.kl / nats.bits)} bits = ${amount(result.bytes)} bytes`);
    const words = ["python -m pacviz bound", `--risk ${round(state.risk, 10)}`, `--kl ${round(result.kl, 10)}`, `--n ${state.n}`, `--delta ${round(state.delta, 10)}`];
    if (this.command.textContent !== words.join(" "))
      this.command.replaceChildren(...words.flatMap((text, index) => [index ? " " : "", html("span", { text })]));
  }

  /** What only has to be right once a slider rests: alternative texts. */
  settle(result) {
    const all = Object.entries(result.bounds).map(([name, value]) => `${this.data.bounds[name].title} ${atMost(value)}`).join(", ");
    for (const [name, chart] of Object.entries(this.charts))
      chart.frame.describe(`${chart.frame.title.textContent}. Bounds against ${AGAINST[name].title}. At ${AGAINST[name].text(AGAINST[name].present(result))}: ${all}.`);
    write(this.status, `${this.headline.textContent}.${this.verdict.textContent}`);
  }

  /** What is shown, as plain values. */
  snapshot() {
    return { setting: this.state, present: this.result, curves: Object.fromEntries(Object.keys(AGAINST).map((name) => [name, this.lines(name)])) };
  }

  lines(name) {
    const curves = this.curves(name, this.result);
    return { x: curves.x, ...each((_, bound) => curves[bound]) };
  }

  /** The curves and the present point, a row each. */
  rows() {
    const names = Object.keys(BOUNDS), { result } = this;
    const rows = Object.keys(AGAINST).flatMap((name) => {
      const lines = this.lines(name), unit = name === "size" ? "bytes" : name;
      return [...lines.x.map((x, i) => [unit, "curve", x, ...names.map((bound) => lines[bound][i])]),
        [unit, "present", AGAINST[name].present(result), ...names.map((bound) => result.bounds[bound])]];
    });
    return [["against", "how", "x", ...names], ...rows];
  }
}

/** As `mounter` says; data of `what_if.payload` in Python. */
export const mount = mounter(WhatIf);
