// The explorer: a network's setting, what has been measured of it, and what a surface says of the settings around it.

const ABSENT = "Not in this file: open the app for it";
const SETTINGS = ["sparsity", "bits", "noise", "delta", "bound", "n"];
const keyOf = (base, state) => [base, state.sparsity, state.bits, state.noise].join("|");

class Explorer extends Live {
  constructor(element, host) {
    super(element, host);
    Object.assign(this, { measured: new Map(), surfaceId: null, surface: null });
  }

  receive(data, onChange) {
    super.receive(data, onChange);
    for (const point of data.measured) this.measured.set(keyOf(point.base, point), point);
    this.curveKey = this.ghostKey = null;
    if (data.surface?.id !== this.surfaceId) this.load(data.surface);
    if (data.bare && this.state.tour && !this.sent) this.tour.go(this.state.tour);
  }

  /** What the page is built anew for. */
  plan() {
    const { data } = this;
    return [data.base.id, data.known.layers, data.hide, data.present, data.presets.map((preset) => preset.name)];
  }

  async load(surface) {
    this.surfaceId = surface?.id;
    if (!surface || surface.base !== this.shownBase) this.surface = null;
    this.shownBase = surface?.base;
    if (!surface) return;
    const raw = surface.raw ?? await unpack(surface.gzip);
    if (surface.id !== this.surfaceId) return;
    this.surface = openSurface(raw, this.data.known.shares);
    this.curveKey = this.ghostKey = null;
    this.seek();
    this.schedule(true);
  }

  shown(name) { return !this.data.hide.includes(name); }

  build() {
    const { data } = this;
    const part = (name, tag = "div", attributes = {}) => html(tag, { class: name, hidden: !this.shown(name), ...attributes }, this.root);
    this.tour = new Tour(part("tour", "section", { "aria-label": "Tour" }), data.tour, this);
    const head = part("head", "header");
    this.headline = html("h2", {}, head, html("span"), html("b", { "data-sym": "R" }), html("small"));
    this.says = html("p", { class: "says" }, head);
    this.badge = html("span", { class: "badge" }, this.says);
    this.why = html("span", {}, this.says);
    const controls = part("controls", "div", { role: "group", "aria-label": "Settings" });
    this.sliders = data.controls.filter(({ name }) => this.shown(name)).map((control) =>
      new Slider(controls, control, (name, value) => this.move(name, value), () => this.release()));
    if (this.shown("bound"))
      this.choice(controls, "bound", "Bound", data.bound_help, Object.entries(data.bounds).map(([name, bound]) => [name, bound.title]));
    if (this.shown("along"))
      this.choice(controls, "along", "Curves along", "The setting on the horizontal axis of the charts.", Object.keys(AXES).map((name) => [name, name]));
    this.presets = part("presets", "div", { role: "group", "aria-label": "Presets" });
    for (const preset of data.presets)
      html("button", {
        type: "button", title: preset.absent ? ABSENT : preset.sentence, text: preset.title, disabled: Boolean(preset.absent), onclick: () => this.preset(preset),
      }, this.presets);
    html("button", { type: "button", class: "strong", text: "Tour", disabled: !data.tour.length, title: data.tour.length ? "" : ABSENT, onclick: () => this.tour.go(1) }, this.presets);
    html("button", { type: "button", class: "strong", text: "Pin this", onclick: () => this.pin() }, this.presets);
    const tiles = part("tiles");
    this.tiles = Object.fromEntries(data.tiles.map(({ name, title, help: text, symbol: of }) => {
      const tile = html("div", { class: "tile", "data-tile": name, "data-sym": of ?? null }, tiles);
      help(text, html("div", { class: "label", text: title }, tile));
      return [name, [html("strong", {}, tile), html("small", {}, tile)]];
    }));
    const charts = this.charts = part("charts");
    for (const name of Object.keys(CHARTS)) this.figure(charts, name, !this.shown(name));
    for (const name of Object.keys(CHARTS)) this[name] = this.chart(name, this.hosts[name], this.scale);
    const formula = html("figure", { class: "formula-box", hidden: !this.shown("formula") }, charts);
    this.formulaTitle = html("h3", {}, formula);
    this.formula = new Formula(formula);
    this.allBounds = html("p", { class: "all-bounds" }, formula);
    html("p", { class: "note", text: "Marks on the curves were recorded, the lines between them are interpolated; the large point is measured as the badge above says." }, this.root);
    this.pins = part("pins", "section", { "aria-label": "Pinned settings" });
    this.take(part("take", "div", { role: "group", "aria-label": "Take it away" }));
    this.status = html("p", { class: "hidden", role: "status" }, this.root);
  }

  /** What the charts' ground depends on, besides their size. */
  get arrangement() { return `${this.state.along} ${this.state.tour > 0}`; }

  layout() {
    this.layoutKey = this.arrangement;
    this.boundShown = null;
    for (const name of Object.keys(CHARTS)) this.ground(name, this[name], ...this.spaceOf(name, CHARTS[name] - (this.state.tour ? TOURING : 0)));
    for (const [name, line] of [["train", "r"], ["bytes", "K"]])
      for (const node of this.root.querySelectorAll(`[data-line="${name}"]`)) node.dataset.of = line;
    for (const bars of this.waterfall.bars.flat()) bars.dataset.of = "K";
  }

  move(name, value) {
    if (this.data.alone && !this.contains({ ...this.state, [name]: value })) value = this.nearest(name, value);
    super.move(name, value);
    if (name === "noise" && value > 0 && DETERMINISTIC_ONLY.has(this.state.bound)) this.state.bound = "seeger";
    if (name === "n" && value === this.data.known.n) this.state.n = 0;
  }

  /** The stop nearest to a value at which a file knows the numbers; where the slider stands if there is none. */
  nearest(name, value) {
    const { stops } = this.data.controls.find((control) => control.name === name) ?? { stops: [] };
    const known = stops.filter((stop) => this.contains({ ...this.state, [name]: stop })), off = (stop) => Math.abs(stop - value);
    return known.length ? known.reduce((best, stop) => (off(stop) < off(best) ? stop : best)) : this.state[name];
  }

  /** The setting that a preset stands for. */
  wanted(preset) {
    const keep = Object.fromEntries(Object.keys(this.data.base.names).map((name) => [name, this.state[name]]));
    return { ...this.data.defaults, n: 0, ...keep, ...preset.changes };
  }

  preset(preset) {
    this.seeking = Boolean(preset.sweet_spot);
    this.apply(this.wanted(preset));
    this.seek();
  }

  /** Goes to the smallest bound where a preset asks for it, as soon as the surface of its checkpoint is there. */
  seek() {
    if (!this.seeking || !this.surface || !this.sameBase(this.state)) return;
    this.seeking = false;
    this.apply(sweetSpot(this.surface, this.state, this.data.known));
  }

  /** While there is a tour the keys lead through it. */
  step(by) {
    if (!this.state.tour) return super.step(by);
    this.tour.go(this.state.tour + by);
    return true;
  }

  leave() { if (this.state.tour) this.tour.go(0); }

  /** The numbers at a setting: measured there if it was, else from the surface; null where nothing is known. */
  lookup(state) {
    const point = this.measured.get(keyOf(this.data.base.id, state));
    if (point && this.sameBase(state)) {
      const how = point.preview ? "preview" : point.cell.share === 0 ? "exact" : "draws";
      return { ...numbersOf(point.cell, state.delta), how, drawn: point.cell.train[1] };
    }
    return this.surface && this.sameBase(state) ? this.surface.at(state) : null;
  }

  sameBase(state) {
    return Object.entries(this.data.base.names).every(([name, value]) => state[name] === undefined || state[name] === value);
  }

  draw() {
    const { state, data } = this;
    const numbers = this.lookup(state), result = numbers && evaluate(state, numbers, data.known);
    this.result = result;
    this.drawWords(result);
    if (this.settled) this.tour.show(state.tour);
    if (this.layoutKey !== this.arrangement) { this.layout(); this.curveKey = this.ghostKey = null; }
    const key = JSON.stringify([...SETTINGS.map((name) => (name === state.along ? 0 : state[name])), state.along]);
    if (key !== this.curveKey) {
      this.curveKey = key;
      this.curves = this.surface && this.sameBase(state) ? curvesOf(this.surface, state, data.known) : { x: [], recorded: [] };
      for (const name of ["train", "test", "code", "bytes", ...Object.keys(BOUNDS)]) this.curves[name] ??= [];
    }
    for (const slider of this.sliders) slider.show(slider.control.name === "n" ? state.n || data.known.n : state[slider.control.name]);
    for (const [name, select] of Object.entries(this.choices)) if (select.value !== state[name]) select.value = state[name];
    if (this.choices.bound) for (const option of this.choices.bound.options) option.disabled = state.noise > 0 && data.bounds[option.value].deterministic_only;
    this.entitle();
    for (const name of Object.keys(CHARTS)) if (this.drawing(this.hosts[name])) this.update(name, this[name]);
    if (this.boundShown !== state.bound) {
      this.boundShown = state.bound;
      for (const name of Object.keys(BOUNDS)) this.errors.lines[name][0].parentNode.dataset.of = name === state.bound ? "R" : "";
    }
    if (this.drawing(this.formula.host)) this.formula.update(state, result, data.bounds[state.bound].title);
    if (this.settled) this.settle(result);
  }

  /** A chart of its kind in a place. */
  chart(name, host, scale = 1) {
    const { data, styles } = this, bold = data.present ? 1.15 : 1;
    const y = {
      title: "error", ticks: [0, 0.2, 0.4, 0.6, 0.8, 1].map((x) => [x, percent(x, 0)]), place: (x) => x, text: (x, line) => (line in BOUNDS ? atMost : percent)(x),
      shade: { from: data.known.vacuous, title: "vacuous" },
    };
    const log = {
      title: "size (bytes)", text: (x) => size(x), place: (x) => (Math.log10(Math.max(x, 1)) - 1) / 5.3,
      ticks: [1, 2, 3, 4, 5, 6].map((power) => [(power - 1) / 5.3, size(10 ** power, 0)]),
    };
    if (name === "errors") return new LineChart(host, name, ["train", "test", ...Object.keys(BOUNDS)], styles, y, bold, scale);
    if (name === "sizes") return new LineChart(host, name, ["code", "bytes"], styles, log, bold, scale);
    return new Waterfall(host, name, data.known.parts, data.known.layers, { colours: this.dark ? data.looks.lit : data.looks.colours, patterns: data.looks.patterns }, scale);
  }

  ground(name, chart, width, height) { chart.layout(width, height, xAxis(this.state.along), ""); }

  /** Draws a chart's present state. */
  update(name, chart) {
    const { state, result, curves } = this, ghosts = this.ghosts(), x = state[state.along];
    if (name === "errors") chart.update(curves, state.bound, result && { x, y: result.bound, text: atMost(result.bound), line: state.bound }, ghosts.errors);
    else if (name === "sizes") chart.update(curves, "bytes", result && { x, y: result.bytes, text: size(result.bytes), line: "bytes" }, ghosts.sizes);
    else if (result) chart.update(result.parts, result.bytes, ghosts.waterfall);
  }

  /** A chart as it is in a file. */
  paint(name, chart, width, height) {
    this.ground(name, chart, width, height);
    this.update(name, chart);
    if (this.titles[name]) chart.frame.entitle(this.titles[name]);
  }

  /** Where a picture comes from: the settings of the link. */
  source() {
    const { data, state } = this, settings = { ...data.base.names, ...Object.fromEntries(SETTINGS.map((name) => [name, state[name]])) };
    const shown = { ...settings, n: settings.n || data.known.n, ...(this.result ? { measured: this.result.how } : {}) };
    return `pacviz: ${Object.entries(shown).map(([name, value]) => `${name} ${value}`).join(", ")}`;
  }

  /** Titles of the curves, from the curves that are shown. */
  entitle() {
    const { curves, state, data } = this, known = curves.x.map((_, i) => i).filter((i) => curves[state.bound][i] !== null);
    if (this.entitled === curves && this.titleOf === state.bound) return;
    [this.entitled, this.titleOf] = [curves, state.bound];
    const pick = (name) => known.map((i) => curves[name][i]);
    this.titles = {
      errors: boundTakeaway(state.along, pick("x"), pick(state.bound), pick("train"), data.known.vacuous),
      sizes: sizeTakeaway(state.along, curves.x, curves.bytes),
    };
    for (const [name, title] of Object.entries(this.titles)) this[name].frame.entitle(title);
  }

  drawWords(result) {
    const { state, data } = this, known = data.known;
    const how = result?.how ?? "unknown", whatIf = state.n && state.n !== known.n;
    const [says, bound, fixed] = this.headline.children, sure = surely(state.delta);
    write(says, whatIf ? `If n were ${count(state.n)}: with probability ${sure}, an error below ` : `With probability ${sure}, the true error is below `);
    write(bound, result ? atMost(result.bound) : "…");
    const before = result && `architecture ${whatIf ? "fixed" : "fixed before the data"}: ${atMost(withoutArchitecture(state, result))}`;
    write(fixed, result ? ` (${before})` : "");
    this.root.classList.toggle("vacuous", Boolean(result && result.bound >= known.vacuous));
    const [sign, words] = HOW[how], waiting = this.data.working && !["exact", "draws"].includes(how) && !this.touched;
    const interval = result && result.upper > result.train ? `: error ${percent(result.train)}, at most ${atMost(result.upper)}` : "";
    const drawn = how === "draws" ? `${count(result.drawn)} fresh draws` : how === "exact" ? `exact on all ${count(known.n)} training examples` : words;
    write(this.badge, whatIf ? `? what if n were ${count(state.n)}: no certificate` : `${sign} ${drawn}${interval}${waiting ? " · measuring …" : ""}`);
    this.badge.title = result?.upper > result?.train ? "A network with noise is measured by draws: the error that was seen, and the limit that the true one keeps to (δ pays for it)."
      : how === "exact" ? "Every training example was run once: no chance is in this error." : "";
    this.badge.dataset.how = whatIf ? "what-if" : how;
    // What was refused is over with the next move, also while its answer is on the way.
    const problem = !this.touched && data.echo >= this.sent && data.problem;
    this.says.classList.toggle("refused", Boolean(problem));
    this.says.parentNode.hidden = !problem && !this.shown("head");
    write(this.why, problem ? ` ⚠ ${problem}` : result ? ` ${explanation(state, result, known, data.base)}` : " ");
    const columns = known.layers.length, row = known.parts.indexOf("noise refund");
    const refund = result ? -result.parts.slice(row * columns, (row + 1) * columns).reduce((a, b) => a + b, 0) / 8 : 0;
    const texts = result && {
      train: [percent(result.train), `accuracy ${percent(1 - result.train)}`],
      test: [percent(result.test), `accuracy ${percent(1 - result.test)}`],
      code: [size(result.code), `${count(result.nonzeros)} weights`],
      bytes: [size(result.bytes), state.noise === 0 ? "no noise, no refund" : `noise refund: ${size(refund)}`],
      bound: [atMost(result.bound), whatIf ? "what if: no certificate" : data.bounds[state.bound].title],
    };
    for (const [name, [value, note]] of Object.entries(this.tiles)) {
      write(value, texts ? texts[name][0] : "…");
      write(note, texts ? texts[name][1] : "\u00a0");
    }
    write(this.formulaTitle, `${data.bounds[state.bound].title} (${data.bounds[state.bound].source})`);
    write(this.allBounds, result ? Object.entries(result.bounds).map(([name, value]) =>
      `${data.bounds[name].title} ${value === null ? "needs a network without noise" : atMost(value)}`).join(" · ") : " ");
  }

  /** What only has to be right once a slider rests: alternative texts, table of pins, tour. */
  settle(result) {
    const { state, data } = this;
    this.drawPins();
    write(this.status, `${this.headline.textContent}. ${this.badge.textContent} ${data.problem}`);
    if (!result) return;
    const along = `along ${state.along}`, at = `${percent(state.sparsity, 1)} sparsity, ${state.bits} bits, noise ${percent(state.noise, 1)}`;
    this.errors.frame.describe(`${this.titles.errors}. Errors and bounds ${along}. At ${at}: training error ${percent(result.train)}, test error ${percent(result.test)}, bound ${atMost(result.bound)}.`);
    this.sizes.frame.describe(`${this.titles.sizes}. Sizes ${along}. At ${at}: compressed ${size(result.code)}, effective ${size(result.bytes)}.`);
    const columns = data.known.layers.length;
    this.waterfall.frame.describe(`${this.waterfall.frame.title.textContent}. ${data.known.parts.map((part, row) => `${part}: ${size(result.parts.slice(row * columns, (row + 1) * columns).reduce((a, b) => a + b, 0) / 8)}`).join(", ")}; effective size ${size(result.bytes)}.`);
  }

  /** Which answer to a question of the tour is right, and the numbers that say so; null where they are not known. */
  answer(step) {
    const { state, data, result } = this, { asks } = data.tour[step - 1], at = (setting) => {
      const numbers = this.lookup(setting);
      return numbers && evaluate(setting, numbers, data.known);
    };
    if (!result) return null;
    if (asks === "vacuous") {
      const vacuous = result.bound >= data.known.vacuous;
      return { right: vacuous ? 0 : 1, says: `The bound is ${atMost(result.bound)}: ${vacuous ? "vacuous" : "not vacuous"}.` };
    }
    const before = at(asks === "better" ? this.wanted(data.tour[step - 2]) : { ...state, noise: 0 });
    if (!before) return null;
    return asks === "better" ? { right: result.bound < before.bound ? 0 : 1, says: `The bound goes from ${atMost(before.bound)} to ${atMost(result.bound)}.` }
      : { right: result.bytes < before.bytes ? 0 : 1, says: `What is paid for goes from ${size(before.bytes)} to ${size(result.bytes)}.` };
  }

  pin() {
    if (!this.result || this.state.pins.length >= 6) return;
    const { pins, tour, along, ...setting } = this.state;
    this.apply({ pins: [...pins, setting] });
  }

  pinned() {
    const { data } = this;
    return this.state.pins.map((pin, index) => {
      const sent = data.pins.find((other) => SETTINGS.every((name) => other.state[name] === pin[name]) && Object.keys(data.base.names).every((name) => other.state[name] === pin[name]));
      const numbers = sent?.cell ? numbersOf(sent.cell, pin.delta) : this.lookup(pin);
      const known = sent?.known ? { ...data.known, ...sent.known } : data.known;
      return { pin, title: String.fromCharCode(65 + index), result: numbers && evaluate(pin, numbers, known) };
    });
  }

  ghosts() {
    const { state } = this, key = JSON.stringify([state.pins, state.along, this.data.echo]);
    if (key === this.ghostKey) return this.ghost;
    this.ghostKey = key;
    const pins = this.pinned().filter(({ result }) => result);
    const mark = (line) => pins.map(({ pin, title, result }) => {
      const name = line === "bound" ? pin.bound : line;
      const curves = this.surface && this.sameBase(pin) ? curvesOf(this.surface, { ...pin, along: state.along }, this.data.known) : null;
      return { title, x: pin[state.along], y: result[line], curve: curves && { x: curves.x, y: curves[name] } };
    });
    this.ghost = { errors: mark("bound"), sizes: mark("bytes"), waterfall: pins.filter(({ result }) => result.parts.length === this.data.known.parts.length * this.data.known.layers.length).map(({ title, result }) => ({ title, parts: result.parts, bytes: result.bytes })) };
    return this.ghost;
  }

  drawPins() {
    this.pins.replaceChildren();
    this.pins.hidden = !this.state.pins.length || !this.shown("pins");
    if (this.pins.hidden) return;
    const { pins, tour, along, ...now } = this.state;
    const rows = [...this.pinned(), { pin: now, title: "now", result: this.result }];
    const names = [...Object.keys(this.data.base.names), ...SETTINGS];
    const differ = names.filter((name) => rows.some(({ pin }) => pin[name] !== now[name]));
    const same = names.filter((name) => !differ.includes(name));
    const table = html("table", {}, this.pins);
    const columns = [...differ, "training error", "test error", "effective size", "true error below"];
    html("tr", {}, html("thead", {}, table), html("th", { text: "pin", scope: "col" }), ...columns.map((name) => html("th", { text: name, scope: "col" })), html("th", { text: "" }));
    const body = html("tbody", {}, table);
    rows.forEach(({ pin, title, result }, index) => {
      const values = result ? [percent(result.train), percent(result.test), size(result.bytes), atMost(result.bound)] : ["…", "…", "…", "…"];
      const row = html("tr", {}, body, html("th", { text: title, scope: "row" }),
        ...differ.map((name) => html("td", { text: name === "n" ? count(pin.n || this.data.known.n) : String(pin[name]) })), ...values.map((text) => html("td", { text })));
      const last = html("td", {}, row);
      if (index < pins.length)
        html("button", { type: "button", text: "✕", "aria-label": `Remove pin ${title}`, onclick: () => this.apply({ pins: pins.filter((_, i) => i !== index) }) }, last);
    });
    html("p", { text: `The same in all: ${same.map((name) => `${name} ${name === "n" ? count(now.n || this.data.known.n) : now[name]}`).join(", ")}.` }, this.pins);
  }

  /** What is shown, as plain values. */
  snapshot() {
    const { parts, ...result } = this.result ?? {};
    return { setting: this.state, measured: result.how ?? "unknown", present: result, parts_bits: parts, parts: this.data.known.parts, layers: this.data.known.layers, curves: this.curves, pins: this.pinned() };
  }

  /** The curves and the present point, a row each. */
  rows() {
    const { x, recorded, ...lines } = this.curves, names = Object.keys(lines), { along } = this.state;
    const rows = x.map((value, i) => [value, recorded[i] ? "recorded" : "interpolated", ...names.map((name) => lines[name][i])]);
    if (this.result) rows.push([this.state[along], `present: ${this.result.how}`, ...names.map((name) => (name in BOUNDS ? this.result.bounds[name] : this.result[name]))]);
    return [[along, "how", ...names], ...rows];
  }

  /** Whether the numbers at a setting are known here. */
  contains(state) { return this.sameBase(state) && this.lookup(state) !== null; }

  /** A file holds what is known now: presets and steps of the tour that ask for more are no part of it. */
  portable() {
    const { data } = this;
    const there = (preset) => this.contains(this.wanted(preset)) && (!preset.sweet_spot || this.surface !== null);
    return {
      ...super.portable(), state: { ...this.state, tour: 0 }, measured: [...this.measured.values()], working: false, problem: "", bare: false,
      presets: data.presets.map((preset) => ({ ...preset, absent: !there(preset) })), tour: data.tour.filter(there),
    };
  }
}

/** As `mounter` says; data of `payload` in Python. */
export const mount = mounter(Explorer);
