// The parts of the page around the charts: words, numbers, formula, controls, exports.

/** Writes a text only where it changed: a frame must not touch what stays. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Whether the keyboard is at an element or in it. */
const hasFocus = (node) => node.contains(node.getRootNode().activeElement);

/** A question mark that explains what stands before it, to pointer and keyboard. */
function help(text, parent) {
  const tip = html("span", { class: "tip", role: "tooltip", text });
  return html("button", { class: "help", type: "button", "aria-label": `Help: ${text}` }, parent, "?", tip);
}

const HOW = {
  exact: ["✓", "exact on all training examples"], draws: ["✓", "measured by fresh draws"],
  preview: ["◔", "preview from part of the data"], recorded: ["●", "recorded earlier at this very point"],
  interpolated: ["◌", "interpolated between recorded points"], unknown: ["…", "not measured yet: let go to measure"],
};

/** One or two sentences: what the bound says, and what stands between it and a better one. */
function explanation(state, result, known, base) {
  const target = 0.5, room = largestKl(result.upper, target, result.n, result.delta);
  const vacuous = result.bound >= known.vacuous;
  let text = vacuous ? `Vacuous: guessing is wrong ${percent(known.vacuous, 0)} of the time. `
    : result.bound > target ? "Weak, but not vacuous. " : "";
  if (room === null) {
    text += result.upper >= target
      ? `Even on its training data the compressed network errs ${percent(result.train, 0)} of the time.`
      : `At a training error of ${worstError(result, 1)}, ${count(result.n)} examples are too few to promise ${percent(target, 0)}, however short the code.`;
  } else if (result.bound > target) {
    text += `The network takes ${size(result.bytes)} to describe; at this training error ${sizeBelow(Math.max(0, room / (8 * Math.LN2) - result.architecture))} would certify ${percent(target, 0)}. `;
    if (base.checkpoint === "plain")
      text += "It was trained to be accurate, not small.";
  } else {
    text += `${count(result.nonzeros)} of ${count(known.parameters)} weights are left, in ${size(result.bytes)}: short enough that ${count(result.n)} examples pin down the true error.`;
  }
  return text;
}

const symbol = (name, glyph) => `<munder data-sym="${name}" tabindex="0">${glyph}<mtext></mtext></munder>`;
const R_HAT = symbol("r", "<mover><mi>r</mi><mo>^</mo></mover>"), KL = symbol("K", "<mi>K</mi>");
const N = symbol("n", "<mi>n</mi>"), DELTA = symbol("delta", "<mi>δ</mi>");
const fraction = (above, below) => `<mfrac displaystyle="true"><mrow>${above}</mrow><mrow>${below}</mrow></mfrac>`;
const brackets = (inside, [open, close] = "()") => `<mo stretchy="true">${open}</mo><mrow>${inside}</mrow><mo stretchy="true">${close}</mo>`;
const inverse = (of, index = "") => {
  const power = "<mrow><mo>−</mo><mn>1</mn></mrow>";
  return index ? `<msubsup><mi>${of}</mi><mrow>${index}</mrow>${power}</msubsup>` : `<msup><mi>${of}</mi>${power}</msup>`;
};
const over = (above, below) => `<mo>(</mo>${above}<mo>/</mo>${below}<mo>)</mo>`;
const MAURER = `${KL}<mo>+</mo><mi>ln</mi>${over(`<mn>2</mn><msqrt>${N}</msqrt>`, DELTA)}`;
const OCCAM = `${KL}<mo>+</mo><mi>ln</mi>${over("<mn>1</mn>", DELTA)}`;
const FORMULAS = {
  seeger: inverse("kl") + brackets(`${R_HAT}<mo>,</mo>${fraction(MAURER, N)}`),
  mcallester: `${R_HAT}<mo>+</mo><msqrt>${fraction(MAURER, `<mn>2</mn>${N}`)}</msqrt>`,
  occam: inverse("kl") + brackets(`${R_HAT}<mo>,</mo>${fraction(OCCAM, N)}`),
  catoni: "<munder><mi>inf</mi><mrow><mi>λ</mi><mo>&gt;</mo><mn>1</mn></mrow></munder>"
    + inverse("Φ", "<mi>λ</mi><mo>/</mo><mi>n</mi>")
    + brackets(`${R_HAT}<mo>+</mo>${fraction("<mi>α</mi>", symbol("lambda", "<mi>λ</mi>"))}`
      + brackets(`${OCCAM}<mo>+</mo><mn>2</mn><mi>ln</mi>${fraction("<mi>ln</mi><mo>(</mo><msup><mi>α</mi><mn>2</mn></msup><mi>λ</mi><mo>)</mo>", "<mi>ln</mi><mi>α</mi>")}`, "[]")),
};

/** The chosen bound in symbols, coloured as in the charts, with the present numbers under them. */
class Formula {
  constructor(host) {
    this.host = html("div", { class: "formula" }, host);
    this.legend = html("p", { class: "symbols" }, host);
  }

  update(state, result, title) {
    if (this.bound !== state.bound) {
      this.bound = this.host.dataset.bound = state.bound;
      this.host.innerHTML = `<math display="block" aria-label="${title}"><mrow>${symbol("R", "<mi>R</mi>")}<mo>≤</mo>${FORMULAS[state.bound] ?? `<mtext>${title}</mtext>`}</mrow></math>`;
      this.legend.innerHTML = [["r", "r̂"], ["K", "K"], ["n", "n"], ["delta", "δ"], ["R", "R"]]
        .map(([name, glyph]) => `<span data-sym="${name}" tabindex="0"><b>${glyph}</b> <span></span></span>`).join(" ");
    }
    const numbers = result && {
      R: [atMost(result.bound), `true error: below ${atMost(result.bound)}`],
      r: [worstError(result), result.upper > result.train ? `training error: ${percent(result.train)} seen, at most ${atMost(result.upper)}` : `training error: ${percent(result.train)}`],
      K: [count(result.kl), `code length: ${count(result.kl)} nats (1 nat = 1.44 bits) = ${size(result.bytes)}${result.architecture ? ` and ${size(result.architecture)} for the architecture` : ""}`],
      n: [count(result.n), `training examples: ${count(result.n)}`],
      delta: [String(Number(result.delta.toPrecision(3))), `may fail with probability ${Number(result.delta.toPrecision(3))}`],
      lambda: state.bound === "catoni" ? [count(catoniOptimum(result.upper, result.kl, result.n, result.delta)[1]), ""] : ["", ""],
    };
    for (const node of this.host.querySelectorAll("[data-sym]"))
      write(node.lastElementChild, numbers ? numbers[node.dataset.sym][0] : "…");
    for (const node of this.legend.querySelectorAll("[data-sym]"))
      write(node.lastElementChild, numbers ? numbers[node.dataset.sym][1] : "…");
  }
}

/** A slider over the stops of a setting. */
class Slider {
  constructor(host, control, moved, released) {
    Object.assign(this, { control, moved, released });
    const id = `pacviz-${control.name}`;
    this.root = html("div", { class: "slider", "data-control": control.name, "data-sym": control.symbol ?? null }, host);
    const line = html("div", { class: "label" }, this.root);
    html("label", { for: id, text: control.title }, line);
    help(control.help, line);
    this.readout(line, id);
    this.input = html("input", {
      type: "range", id, min: 0, max: control.stops.length - 1, step: 1, "aria-label": control.title,
      oninput: () => { this.value = control.stops[this.input.value]; moved(control.name, this.value); },
      onchange: () => released(),
    }, this.root);
  }

  /** Where the number stands. */
  readout(line, id) { this.output = html("output", { for: id }, line); }

  show(value) {
    this.value = value;
    const text = this.text(value);
    this.place(value, text);
    write(this.output, text);
  }

  text(value) { return this.control.percent ? percent(value, 1) : value >= 1000 ? count(value) : String(value); }

  /** Moves the handle to the stop nearest to a value. */
  place(value, text) {
    const { stops } = this.control;
    let nearest = 0;
    stops.forEach((stop, index) => { if (Math.abs(stop - value) < Math.abs(stops[nearest] - value)) nearest = index; });
    if (Number(this.input.value) !== nearest) this.input.value = nearest;
    if (this.input.getAttribute("aria-valuetext") !== text) this.input.setAttribute("aria-valuetext", text);
  }
}

/** A slider with a field for the exact number. */
class NumberSlider extends Slider {
  readout(line) { this.field = new NumberField(line, this.control, this.moved, this.released); }

  show(value) {
    this.value = value;
    this.place(value, String(value));
    this.field.show(value);
  }
}

/** A field for an exact number; what a setting does not allow is told below it, and the number stays as it was. */
class NumberField {
  constructor(host, control, moved, released) {
    Object.assign(this, { control, moved, released });
    const { title, low, high } = control;
    this.box = html("span", { class: "field" }, host);
    this.input = html("input", {
      type: "number", step: "any", min: low, max: high, "aria-label": title, inputmode: "decimal",
      oninput: () => { this.typing = true; this.refuse(""); }, onchange: () => this.take(), onblur: () => this.take(), onkeydown: (event) => this.key(event),
    }, this.box);
    this.refusal = html("span", { class: "refusal", role: "alert", hidden: true }, this.box);
  }

  take() {
    if (!this.typing) return;
    this.typing = false;
    const { title, low, high, whole, allowed } = this.control, value = this.input.valueAsNumber;
    if (!(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      this.refuse(`${title} must be ${whole ? "a whole number " : ""}${allowed}, got ${this.input.value || "no number"}; it is still ${this.value}.`);
      this.input.value = this.value;
      return;
    }
    if (value !== this.value) this.set(value);
  }

  set(value) {
    this.refuse("");
    this.value = value;
    this.moved(this.control.name, value);
    this.released();
  }

  refuse(sentence) {
    write(this.refusal, sentence);
    this.refusal.hidden = !sentence;
  }

  key(event) {
    const { low, high, step } = this.control, sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!sign) return;
    event.preventDefault();
    this.take();
    this.set(Math.min(high, Math.max(low, Number((this.value + sign * step).toPrecision(12)))));
  }

  show(value) {
    if (this.typing) return;
    if (this.value !== value) this.refuse("");
    this.value = value;
    const text = String(Number(value.toPrecision(10)));
    if (this.input.value !== text) this.input.value = text;
  }
}

/** One of a few words, side by side: [[value, label], …]. */
class Segments {
  constructor(host, name, title, text, options, chosen) {
    const box = html("fieldset", { class: "slider segments", "data-control": name, "aria-label": title }, host);
    help(text, html("div", { class: "label" }, box, html("span", { text: title })));
    const row = html("div", { class: "row" }, box);
    this.inputs = options.map(([value, label]) => {
      const place = html("label", {}, row);
      const input = html("input", { type: "radio", name: `pacviz-${name}`, value, onchange: () => chosen(name, value) }, place);
      html("span", { text: label }, place);
      return input;
    });
  }

  show(value) {
    for (const input of this.inputs) if (input.checked !== (input.value === value)) input.checked = input.value === value;
  }
}
