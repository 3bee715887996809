// Charts as SVG: a frame that is drawn once for a size, and lines, bars and marks that move within it.

const FONT = "'Source Sans', 'Source Sans Pro', 'DejaVu Sans', sans-serif";

function svg(tag, attributes, parent) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(node, attributes);
  if (parent) parent.append(node);
  return node;
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes))
    if (name === "text") node.textContent = value; else node.setAttribute(name, value);
}

const DASHES = { solid: "", dash: "9 5", dot: "2 4", dashdot: "9 4 2 4", longdash: "16 5" };
const MARKS = {
  circle: "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", square: "m-3.5-3.5h7v7h-7z", diamond: "m0-5l5 5-5 5-5-5z",
  "triangle-up": "m0-4.5l4.5 8h-9z", "triangle-down": "m0 4.5l4.5-8h-9z", x: "m-4-4l8 8m0-8l-8 8",
};

/** A chart's ground: title, legend, axes with ticks; `plot` holds what moves. scale: {pixel(value), ticks, title}. */
class Frame {
  constructor(host, name) {
    this.host = host;
    this.root = svg("svg", { class: "chart", role: "img", "data-chart": name, "font-family": FONT }, host);
  }

  /** Draws the ground anew. */
  ground(width, height, { title, legend, x, y, bottom = 46 }) {
    this.root.replaceChildren();
    set(this.root, { width, height, viewBox: `0 0 ${width} ${height}` });
    const narrow = width < 430;
    this.title = svg("text", { x: 2, y: 18, class: "title", "font-size": narrow ? 14 : 17, "font-weight": 600, fill: "currentColor" }, this.root);
    this.entitle(title);
    let [across, down] = [4, 40];
    for (const entry of legend) {
      const group = svg("g", { "font-size": 13, class: "legend", "data-line": entry.name }, this.root);
      const label = svg("text", { fill: "currentColor", text: entry.title }, group);
      const length = (label.getComputedTextLength() || 7 * entry.title.length) + 44;
      if (across + length > width && across > 4) [across, down] = [4, down + 18];
      entry.sample(group, across, down);
      set(label, { x: across + 32, y: down });
      across += length;
    }
    this.area = { left: 58, right: width - 14, top: down + 18, bottom: height - bottom };
    const { left, right, top, bottom: floor } = this.area;
    const ticks = svg("g", { "font-size": 13, fill: "currentColor", class: "axis" }, this.root);
    this.yTicks = svg("g", {}, ticks);
    this.drawYTicks(y.ticks);
    let free = -Infinity;
    for (const [place, label] of x.ticks) {
      const at = left + place * (right - left), half = 4 * Math.max(...label.split("\n").map((line) => line.length));
      if (x.grid) svg("path", { d: `M${at} ${top}V${floor}`, stroke: "currentColor", "stroke-opacity": 0.14 }, ticks);
      if (x.grid && at - half < free) continue;
      free = at + half;
      label.split("\n").forEach((line, row) => svg("text", {
        x: at, y: floor + 17 + 14 * row, "text-anchor": "middle", text: line, "font-size": narrow && !x.grid ? 10.5 : 13,
      }, ticks));
    }
    svg("path", { d: `M${left} ${top}V${floor}H${right}`, stroke: "currentColor", fill: "none" }, ticks);
    svg("text", { x: (left + right) / 2, y: height - 6, "text-anchor": "middle", text: x.title }, ticks);
    svg("text", { transform: `translate(14 ${(top + floor) / 2}) rotate(-90)`, "text-anchor": "middle", text: y.title }, ticks);
    this.plot = svg("g", {}, this.root);
  }

  /** Writes the title, smaller where it would not fit. */
  entitle(text) {
    if (this.title.textContent === text) return;
    this.title.textContent = text;
    this.title.style.fontSize = "";
    const wide = this.title.getComputedTextLength(), room = this.root.width.baseVal.value - 4;
    if (wide > room) this.title.style.fontSize = `${Math.floor((10 * parseFloat(getComputedStyle(this.title).fontSize) * room) / wide) / 10}px`;
  }

  drawYTicks(ticks) {
    this.yTicks.replaceChildren();
    const { left, right } = this.area;
    for (const [place, label] of ticks) {
      const at = this.y(place);
      svg("path", { d: `M${left} ${at}H${right}`, stroke: "currentColor", "stroke-opacity": 0.14 }, this.yTicks);
      svg("text", { x: left - 6, y: at + 4, "text-anchor": "end", text: label }, this.yTicks);
    }
  }

  /** Pixels of a place in [0, 1] along an axis. */
  x(place) { return this.area.left + place * (this.area.right - this.area.left); }
  y(place) { return this.area.bottom - place * (this.area.bottom - this.area.top); }

  describe(text) {
    this.root.setAttribute("aria-label", text);
  }
}

/** Lines over an axis with the present point marked; every range is fixed. */
class LineChart {
  /** bold: how much thicker than usual the lines are. */
  constructor(host, name, names, styles, y, bold) {
    Object.assign(this, { frame: new Frame(host, name), names, styles, y, bold, lines: {} });
    this.tip = html("div", { class: "values", hidden: true }, host);
    host.addEventListener("pointermove", (event) => this.tell(event));
    host.addEventListener("pointerleave", () => { this.tip.hidden = true; });
  }

  /** The values at the recorded point that is nearest to the pointer. */
  tell(event) {
    const { frame, drawn } = this, box = frame.root.getBoundingClientRect(), at = event.clientX - box.left;
    const near = (i) => Math.abs(frame.x(this.x.place(drawn.x[i])) - at);
    let best = -1;
    drawn?.x.forEach((_, i) => { if (drawn.recorded[i] && (best < 0 || near(i) < near(best))) best = i; });
    this.tip.hidden = best < 0 || near(best) > 40 || event.buttons > 0;
    if (this.tip.hidden) return;
    const lines = this.names.filter((name) => drawn[name][best] !== null).map((name) => `${this.styles[name].title} ${this.y.text(drawn[name][best])}`);
    write(this.tip, [this.x.text(drawn.x[best]), ...lines].join("\n"));
    this.tip.style.left = `${Math.min(Math.max(0, at + 12), box.width - 190)}px`;
  }

  layout(width, height, x, title) {
    const { frame, names, styles, y } = this;
    this.x = x;
    const legend = names.map((name) => ({
      name, title: styles[name].title,
      sample: (group, left, top) => {
        const style = styles[name];
        svg("path", { d: `M${left} ${top - 4}h26`, stroke: style.colour, "stroke-width": 3, "stroke-dasharray": DASHES[style.dash] }, group);
        svg("path", { d: `M${left + 13} ${top - 4}${MARKS[style.symbol]}`, fill: style.colour, stroke: style.colour }, group);
      },
    }));
    frame.ground(width, height, { title, legend, x: { ...x, grid: true }, y });
    const clip = `clip-${frame.root.dataset.chart}`, { left, right, top, bottom } = frame.area;
    const clipPath = svg("clipPath", { id: clip }, frame.plot);
    svg("rect", { x: left, y: top - 8, width: right - left + 8, height: bottom - top + 16 }, clipPath);
    if (y.shade) {
      const edge = frame.y(y.place(y.shade.from));
      svg("rect", { x: left, y: top, width: right - left, height: edge - top, fill: "currentColor", opacity: 0.13 }, frame.plot);
      svg("text", { x: left + 6, y: (top + edge) / 2 + 5, "font-size": 13, fill: "currentColor", text: y.shade.title }, frame.plot);
    }
    this.now = svg("path", { stroke: "currentColor", "stroke-opacity": 0.6, "stroke-dasharray": "2 4" }, frame.plot);
    this.ghosts = svg("g", { "clip-path": `url(#${clip})`, class: "ghosts" }, frame.plot);
    const bundle = svg("g", { "clip-path": `url(#${clip})` }, frame.plot);
    for (const name of names) {
      const style = styles[name], group = svg("g", { "data-line": name, class: "line", stroke: style.colour }, bundle);
      this.lines[name] = [
        svg("path", { fill: "none", "stroke-dasharray": DASHES[style.dash], "stroke-linejoin": "round" }, group),
        svg("path", { fill: style.colour, "stroke-width": 1 }, group),
      ];
    }
    this.mark = svg("circle", { r: 8, stroke: "white", "stroke-width": 2 }, frame.plot);
    this.label = svg("text", { "text-anchor": "middle", "font-size": 18, "font-weight": 700, fill: "currentColor", class: "halo" }, frame.plot);
    this.drawn = null;
  }

  path(xs, ys) {
    let d = "", pen = "M";
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] === null) { pen = "M"; continue; }
      d += `${pen}${this.frame.x(this.x.place(xs[i])).toFixed(1)} ${this.frame.y(this.y.place(ys[i])).toFixed(1)}`;
      pen = "L";
    }
    return d;
  }

  /** curves: of `curvesOf`.  chosen: the line that is drawn widest.  present: {x, y, text, line}, or null. */
  update(curves, chosen, present, ghosts) {
    const { frame } = this;
    if (this.drawn !== curves || this.chosen !== chosen) {
      for (const name of this.names) {
        const [line, marks] = this.lines[name], wide = name === chosen;
        line.setAttribute("d", this.path(curves.x, curves[name]));
        line.setAttribute("stroke-width", this.bold * (wide ? 4.5 : name in BOUNDS ? 1.8 : 3));
        let d = "";
        curves.recorded.forEach((recorded, i) => {
          if (recorded && curves[name][i] !== null)
            d += `M${frame.x(this.x.place(curves.x[i])).toFixed(1)} ${frame.y(this.y.place(curves[name][i])).toFixed(1)}${MARKS[this.styles[name].symbol]}`;
        });
        marks.setAttribute("d", d);
        marks.setAttribute("opacity", wide || !(name in BOUNDS) ? 1 : 0.6);
      }
      [this.drawn, this.chosen] = [curves, chosen];
    }
    if (this.drawnGhosts !== ghosts) this.drawGhosts(ghosts);
    for (const node of [this.mark, this.label, this.now]) node.setAttribute("visibility", present ? "visible" : "hidden");
    if (!present) return;
    const { left, right, top, bottom } = frame.area;
    const x = frame.x(this.x.place(present.x)), y = Math.min(bottom, Math.max(top, frame.y(this.y.place(present.y))));
    this.now.setAttribute("d", `M${x} ${top}V${bottom}`);
    set(this.mark, { cx: x, cy: y, fill: this.styles[present.line].colour, "data-line": present.line });
    set(this.label, { x: Math.min(right - 30, Math.max(left + 30, x)), y: y - top < 34 ? y + 28 : y - 14, text: present.text });
  }

  /** ghosts: [{title, x, y, curve: {x, y} or null}], pinned settings. */
  drawGhosts(ghosts) {
    this.drawnGhosts = ghosts;
    this.ghosts.replaceChildren();
    for (const { title, x, y, curve } of ghosts) {
      const ink = { stroke: "currentColor", "stroke-opacity": 0.7, fill: "none" };
      if (curve) svg("path", { d: this.path(curve.x, curve.y), ...ink, "stroke-width": 2, "stroke-dasharray": "3 3" }, this.ghosts);
      const at = [this.frame.x(this.x.place(x)), this.frame.y(this.y.place(y))];
      svg("circle", { cx: at[0], cy: at[1], r: 9, ...ink, "stroke-width": 2 }, this.ghosts);
      svg("text", { x: at[0], y: at[1] + 5, "text-anchor": "middle", "font-size": 13, "font-weight": 700, fill: "currentColor", text: title }, this.ghosts);
    }
  }
}

/** A round number of bytes. */
const tick = (bytes) => (bytes < 1000 ? `${bytes} B` : `${bytes / 1000} kB`);

const CEILINGS = [2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((mantissa) => mantissa * 10 ** power));

/** From nothing to the effective size: parts of the code as steps, layers as colours and patterns. */
class Waterfall {
  constructor(host, name, parts, layers, looks) {
    Object.assign(this, { frame: new Frame(host, name), parts, layers, looks });
  }

  layout(width, height) {
    const { frame, parts, layers, looks } = this, short = width < 430;
    const steps = [...parts.map((part) => part.replace(" ", "\n")), "effective\nsize"];
    const legend = layers.map((layer, index) => ({
      name: layer, title: layer,
      sample: (group, left, top) => svg("rect", { x: left + 8, y: top - 11, width: 18, height: 13, fill: `url(#layer-${index})` }, group),
    }));
    this.ceiling = null;
    const places = steps.map((_, index) => (index + 0.5) / steps.length);
    frame.ground(width, height, {
      title: "Where the bytes go", legend, bottom: 58,
      x: { title: "", ticks: steps.map((step, index) => [places[index], short ? step.split(/[\s]/).join("\n") : step]) },
      y: { title: "bytes", ticks: [] },
    });
    const definitions = svg("defs", {}, frame.root);
    layers.forEach((_, index) => {
      const pattern = svg("pattern", { id: `layer-${index}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, definitions);
      svg("rect", { width: 8, height: 8, fill: looks.colours[index % looks.colours.length] }, pattern);
      svg("path", { d: looks.patterns[index % looks.patterns.length], stroke: "white", "stroke-opacity": 0.6, fill: "none" }, pattern);
    });
    this.step = (frame.area.right - frame.area.left) / steps.length;
    this.places = places;
    this.bars = parts.map((part, row) => layers.map((_, index) =>
      svg("rect", { x: frame.x(places[row]) - 0.36 * this.step, width: 0.72 * this.step, fill: `url(#layer-${index})`, "data-part": part }, frame.plot)));
    this.total = svg("rect", { x: frame.x(places.at(-1)) - 0.36 * this.step, width: 0.72 * this.step, fill: "#777777", "data-line": "bytes", class: "line" }, frame.plot);
    this.labels = steps.map((_, row) => svg("text", {
      x: frame.x(places[row]), "text-anchor": "middle", "font-size": short ? 12 : 15, fill: "currentColor", class: "halo",
      "font-weight": row === parts.length ? 700 : 400,
    }, frame.plot));
    this.ghosts = svg("g", { class: "ghosts" }, frame.plot);
    this.drawnGhosts = null;
  }

  /** parts: bits, a row a part and a column a layer.  bytes: the effective size.  ghosts: [{title, parts, bytes}]. */
  update(parts, bytes, ghosts) {
    const { frame, layers } = this, columns = layers.length, edges = [], sums = [];
    let top = 0;
    this.bars.forEach((bars, row) => {
      const sum = parts.slice(row * columns, (row + 1) * columns).reduce((a, b) => a + b, 0) / 8;
      edges.push(Math.max(top, top + sum));
      sums.push(sum);
      top += sum;
    });
    const ceiling = CEILINGS.find((value) => value >= 1.15 * Math.max(...edges)) ?? CEILINGS.at(-1);
    const moved = ceiling !== this.ceiling;
    if (moved) {
      this.ceiling = ceiling;
      const count = String(ceiling)[0] === "1" ? 5 : String(ceiling)[0] === "2" ? 4 : 5;
      frame.drawYTicks([...Array(count + 1).keys()].map((i) => [i / count, tick(i * ceiling / count)]));
    }
    const y = (value) => frame.y(value / ceiling);
    let base = 0;
    this.bars.forEach((bars, row) => bars.forEach((bar, column) => {
      const amount = parts[row * columns + column] / 8, [from, to] = [y(base), y(base + amount)];
      bar.setAttribute("y", Math.min(from, to));
      bar.setAttribute("height", Math.abs(from - to));
      base += amount;
    }));
    set(this.total, { y: y(bytes), height: Math.max(0, frame.area.bottom - y(bytes)) });
    this.labels.forEach((label, row) =>
      set(label, { y: y(edges[row] ?? bytes) - 6, text: size(sums[row] ?? bytes) }));
    if (moved || this.drawnGhosts !== ghosts) this.drawGhosts(ghosts, y);
    const largest = sums[0] >= sums[1] ? this.parts[0] : this.parts[1];
    frame.entitle(`Where the bytes go: mostly into ${largest}`);
  }

  drawGhosts(ghosts, y) {
    this.drawnGhosts = ghosts;
    this.ghosts.replaceChildren();
    const columns = this.layers.length;
    for (const { title, parts, bytes } of ghosts) {
      let top = 0;
      const outline = (row, from, to) => svg("rect", {
        x: this.frame.x(this.places[row]) - 0.43 * this.step, width: 0.86 * this.step, y: Math.min(y(from), y(to)),
        height: Math.abs(y(from) - y(to)), fill: "none", stroke: "currentColor", "stroke-dasharray": "3 3", "stroke-width": 1.5,
      }, this.ghosts);
      this.parts.forEach((_, row) => {
        const sum = parts.slice(row * columns, (row + 1) * columns).reduce((a, b) => a + b, 0) / 8;
        outline(row, top, top + sum);
        top += sum;
      });
      outline(this.parts.length, 0, bytes);
      const clear = Math.max(this.frame.area.top + 8, y(bytes) - 4);
      svg("text", { x: this.frame.x(this.places.at(-1)) + 0.3 * this.step, y: clear, "font-size": 13, "font-weight": 700, fill: "currentColor", text: title }, this.ghosts);
    }
  }
}
