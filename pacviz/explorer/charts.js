// Charts as SVG: a frame that is drawn once for a size, and lines, bars and marks that move within it.

const FONT = "'Source Sans', 'Source Sans Pro', 'DejaVu Sans', sans-serif";

const DASHES = { solid: "", dash: "9 5", dot: "2 4", dashdot: "9 4 2 4", longdash: "16 5" };
const MARKS = {
  circle: "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", square: "m-3.5-3.5h7v7h-7z", diamond: "m0-5l5 5-5 5-5-5z",
  "triangle-up": "m0-4.5l4.5 8h-9z", "triangle-down": "m0 4.5l4.5-8h-9z", x: "m-4-4l8 8m0-8l-8 8",
  star: "m0-7l1.8 4.6 4.9.3-3.8 3.1 1.2 4.8-4.1-2.6-4.1 2.6 1.2-4.8-3.8-3.1 4.9-.3z",
};
const NEAR = 12, NONE = [];

/** A chart's ground: title, legend, axes with ticks; `plot` holds what moves. scale: {pixel(value), ticks, title}. */
class Frame {
  /** scale: how much larger than usual everything in it is drawn. */
  constructor(host, name, scale = 1) {
    Object.assign(this, { host, scale });
    this.root = svg("svg", { class: "chart", role: "img", "data-chart": name, "font-family": FONT }, host);
  }

  /** Draws the ground anew. */
  ground(wide, high, { title, legend, x, y, bottom = 46 }) {
    this.root.replaceChildren();
    const [width, height] = [wide / this.scale, high / this.scale];
    set(this.root, { width: wide, height: high, viewBox: `0 0 ${width} ${height}` });
    this.width = width;
    const narrow = width < 430;
    this.title = svg("text", { x: 2, y: 18, class: "title", "font-size": narrow ? 14 : 17, "font-weight": 600, fill: "currentColor" }, this.root);
    this.letter = NaN;
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
        x: Math.min(at, width - half), y: floor + 17, dy: `${1.05 * row}em`, "text-anchor": "middle", text: line, "font-size": narrow && !x.grid ? 10.5 : 13,
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
    // Letters that are set to whole pixels take up to a twentieth more than they measure.
    const room = 0.95 * (this.width - 4);
    // Measuring makes the browser lay out the page: not where it fits for sure.
    if (1.3 * this.letter * text.length < room) return;
    const wide = this.title.getComputedTextLength();
    this.letter = wide / text.length;
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

/**
 * Lines over an axis with the present point marked; every range is fixed.  Points beside the lines are
 * {x, y, symbol, fill, stroke, label, says}: what stands beside one, and what is told where the pointer is near it.
 */
class LineChart {
  /** bold: how much thicker than usual the lines are.  scale: of the frame. */
  constructor(host, name, names, styles, y, bold, scale) {
    Object.assign(this, { frame: new Frame(host, name, scale), names, styles, y, bold, lines: {} });
    this.tip = html("div", { class: "values", hidden: true }, host);
    host.addEventListener("pointermove", (event) => this.tell(event));
    host.addEventListener("pointerleave", () => { this.tip.hidden = true; });
  }

  /** What the point beside the lines says that the pointer is at, else the values at the nearest place that tells them. */
  tell(event) {
    const { frame, drawn } = this, box = frame.root.getBoundingClientRect(), [at, height] = [event.clientX - box.left, event.clientY - box.top].map((pixels) => pixels / frame.scale);
    const away = (point) => Math.hypot(this.left(point.x) - at, this.top(point.y) - height);
    const [point, ...others] = [...this.points, ...this.turns].filter((one) => away(one) < NEAR).sort((a, b) => away(a) - away(b));
    const told = drawn?.told ?? drawn?.recorded, near = (i) => Math.abs(this.left(drawn.x[i]) - at);
    let best = -1;
    drawn?.x.forEach((_, i) => { if (told[i] && (best < 0 || near(i) < near(best))) best = i; });
    this.tip.hidden = event.buttons > 0 || !(point || (best >= 0 && near(best) <= 40));
    if (this.tip.hidden) return;
    const lines = point ? [point.says, ...(others.length ? [`and ${others.length} more here`] : [])]
      : [this.x.text(drawn.x[best]), ...this.names.filter((name) => drawn[name][best] !== null).map((name) => `${this.styles[name].title} ${this.y.text(drawn[name][best], name)}`)];
    write(this.tip, lines.join("\n"));
    this.tip.style.left = `${Math.min(Math.max(0, frame.scale * at + 12), box.width - this.tip.offsetWidth)}px`;
  }

  left(x) { return this.frame.x(this.x.place(x)); }
  top(y) { return this.frame.y(this.y.place(y)); }

  /** kinds: [{title, symbol, fill, points}], what is drawn beside the lines, each kind with its own entry in the legend. */
  layout(width, height, x, title, kinds = []) {
    const { frame, names, styles, y } = this;
    this.x = x;
    this.points = kinds.flatMap(({ symbol, fill, points }) => points.map((point) => ({ symbol, fill, stroke: "currentColor", ...point })));
    const legend = names.map((name) => ({
      name, title: styles[name].title,
      sample: (group, left, top) => {
        const style = styles[name];
        svg("path", { d: `M${left} ${top - 4}h26`, stroke: style.colour, "stroke-width": 3, "stroke-dasharray": DASHES[style.dash] }, group);
        svg("path", { d: `M${left + 13} ${top - 4}${MARKS[style.symbol]}`, fill: style.colour, stroke: style.colour }, group);
      },
    }));
    for (const { title: kind, symbol, fill } of kinds)
      legend.push({ name: kind, title: kind, sample: (group, left, top) => svg("path", { d: `M${left + 20} ${top - 4}${MARKS[symbol]}`, fill, stroke: "currentColor" }, group) });
    if (y.shade)
      legend.push({ name: "shade", title: y.shade.title, sample: (group, left, top) => svg("rect", { x: left + 4, y: top - 11, width: 22, height: 13, fill: "currentColor", opacity: 0.2 }, group) });
    frame.ground(width, height, { title, legend, x: { ...x, grid: true }, y });
    const clip = `clip-${frame.root.dataset.chart}`, { left, right, top, bottom } = frame.area;
    const clipPath = svg("clipPath", { id: clip }, frame.plot);
    svg("rect", { x: left, y: top - 8, width: right - left + 8, height: bottom - top + 16 }, clipPath);
    if (y.shade) {
      const edge = frame.y(y.place(y.shade.from));
      svg("rect", { x: left, y: top, width: right - left, height: edge - top, fill: "currentColor", opacity: 0.13 }, frame.plot);
    }
    this.now = svg("path", { stroke: "currentColor", "stroke-opacity": 0.6, "stroke-dasharray": "2 4" }, frame.plot);
    this.ghosts = svg("g", { "clip-path": `url(#${clip})`, class: "ghosts" }, frame.plot);
    this.band = svg("path", { "fill-opacity": 0.18, "clip-path": `url(#${clip})` }, frame.plot);
    this.bundle = svg("g", { "clip-path": `url(#${clip})` }, frame.plot);
    this.under = svg("path", { fill: "none", "stroke-opacity": 0.4, "stroke-linejoin": "round", class: "line" }, this.bundle);
    for (const name of names) {
      const style = styles[name], group = svg("g", { "data-line": name, class: "line", stroke: style.colour }, this.bundle);
      this.lines[name] = [
        svg("path", { fill: "none", "stroke-dasharray": DASHES[style.dash], "stroke-linejoin": "round" }, group),
        svg("path", { fill: style.colour, "stroke-width": 1 }, group),
      ];
    }
    this.besides = svg("g", { class: "points" }, frame.plot);
    this.texts = this.drawPoints(this.besides, this.points);
    this.turning = svg("g", { "clip-path": `url(#${clip})`, class: "turns" }, frame.plot);
    this.mark = svg("circle", { r: 8, stroke: "white", "stroke-width": 2 }, frame.plot);
    this.label = svg("text", { "font-size": 18, "font-weight": 700, fill: "currentColor", class: "halo" }, frame.plot);
    this.drawn = this.chosen = null;
    this.turns = NONE;
  }

  /** Lines that coincide are all seen: solid ones below, the chosen one on top, where its dashes let the others through. */
  raise(chosen) {
    const height = (name) => (this.styles[name].dash === "solid" ? 0 : name === chosen ? 2 : 1);
    const names = [...this.names].sort((a, b) => height(a) - height(b));
    this.bundle.append(...names.map((name) => this.lines[name][0].parentNode));
  }

  /** Draws points with their labels; where those stand. */
  drawPoints(host, points) {
    host.replaceChildren();
    const texts = [];
    const taken = points.map(({ x, y }) => [this.left(x) - 8, this.top(y) - 8, 16, 16]);
    const free = ([x, y, w, h]) => taken.every(([left, top, width, height]) => x >= left + width || left >= x + w || y >= top + height || top >= y + h);
    points.forEach(({ symbol, fill, stroke, label }, index) => {
      const [x, y] = [taken[index][0] + 8, taken[index][1] + 8];
      svg("path", { d: `M${x.toFixed(1)} ${y.toFixed(1)}${MARKS[symbol]}`, fill, stroke, "stroke-width": 1.5 }, host);
      if (!label) return;
      // A label stands to the right of its mark, or lower where something else stands there.
      const room = (lower) => [x + 9, y - 8 + lower, 7 * label.length, 14], low = y - this.frame.area.top < 34 ? 16 : 0;
      const lower = [low, 14, 28, -12].find((way) => free(room(way))) ?? low;
      taken.push(room(lower));
      texts.push(room(lower));
      svg("text", { x: x + 10, y: y + 4 + lower, "font-size": 13, fill: "currentColor", class: "halo", text: label }, host);
    });
    return texts;
  }

  path(xs, ys) {
    let d = "", pen = "M";
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] === null) { pen = "M"; continue; }
      d += `${pen}${this.left(xs[i]).toFixed(1)} ${this.top(ys[i]).toFixed(1)}`;
      pen = "L";
    }
    return d;
  }

  /** What lies between two lines, where both are known. */
  between(xs, low, high) {
    const known = xs.map((_, i) => i).filter((i) => low[i] !== null && low[i] !== undefined);
    const corner = (values) => (i) => `${this.left(xs[i]).toFixed(1)} ${this.top(values[i]).toFixed(1)}`;
    return known.length < 2 ? "" : `M${[...known.map(corner(low)), ...known.reverse().map(corner(high))].join("L")}Z`;
  }

  /**
   * curves: {x, recorded, told, name: [...]}: places, which of them are marked, which are told (those that are marked if
   * it is absent), values; band: {name: [low, high]}, what the chosen line's values lie between.  chosen: the line that is drawn widest.  present: {x, y, text, line, side}, or null; side: "start" or "end"
   * where the text stands beside the mark.  turns: points.
   */
  update(curves, chosen, present, ghosts = NONE, turns = NONE) {
    const { frame } = this;
    if (this.chosen !== chosen) this.raise(chosen);
    if (this.drawn !== curves || this.chosen !== chosen) {
      for (const name of this.names) {
        const [line, marks] = this.lines[name], wide = name === chosen;
        const d = this.path(curves.x, curves[name]);
        line.setAttribute("d", d);
        if (wide) set(this.under, { d: this.styles[name].dash === "solid" ? "" : d, stroke: this.styles[name].colour, "stroke-width": 6 * this.bold });
        line.setAttribute("stroke-width", this.bold * (wide ? 4.5 : name in BOUNDS ? 1.8 : 3));
        let symbols = "";
        curves.recorded.forEach((recorded, i) => {
          if (recorded && curves[name][i] !== null)
            symbols += `M${this.left(curves.x[i]).toFixed(1)} ${this.top(curves[name][i]).toFixed(1)}${MARKS[this.styles[name].symbol]}`;
        });
        marks.setAttribute("d", symbols);
        marks.setAttribute("opacity", wide || !(name in BOUNDS) ? 1 : 0.6);
      }
      const [low, high] = curves.band?.[chosen] ?? [NONE, NONE];
      set(this.band, { d: this.between(curves.x, low, high), fill: this.styles[chosen].colour });
      [this.drawn, this.chosen] = [curves, chosen];
    }
    if (this.drawnGhosts !== ghosts) this.drawGhosts(ghosts);
    if (this.turns !== turns) this.drawPoints(this.turning, this.turns = turns);
    for (const node of [this.mark, this.label, this.now]) node.setAttribute("visibility", present ? "visible" : "hidden");
    if (!present) return;
    const { left, right, top, bottom } = frame.area;
    const x = this.left(present.x), y = Math.min(bottom, Math.max(top, this.top(present.y)));
    this.now.setAttribute("d", `M${x} ${top}V${bottom}`);
    set(this.mark, { cx: x, cy: y, fill: this.styles[present.line].colour, "data-line": present.line });
    const side = { start: x + 80 > right ? -1 : 1, end: x - 80 < left ? 1 : -1 }[present.side] ?? 0;
    const [above, below] = [y - 14, y + 28], usual = y - top < 34 ? below : above;
    const [at, height, anchor] = this.freePlace(present.text, x, [[side, usual], [side, usual === above ? below : above], [1, usual], [-1, usual], [1, y + 6], [-1, y + 6], [1, below], [-1, below], [1, y + 46], [-1, y + 46]]);
    set(this.label, { x: at, y: height, text: present.text, "text-anchor": ["end", "middle", "start"][anchor + 1] });
  }

  /** The first of some places [side, y] beside x at which the large label lies within the chart and over no other text. */
  freePlace(text, x, places) {
    const { left, right, top, bottom } = this.frame.area, width = 10 * text.length;
    const placed = places.map(([side, y]) => [side ? x + 12 * side : Math.min(right - width / 2, Math.max(left + width / 2, x)), y, side]);
    const free = ([at, y, side]) => {
      const start = at - [width, width / 2, 0][side + 1];
      return start >= left && start + width <= right + 8 && y - 14 >= top && y <= bottom
        && this.texts.every(([x, high, w, h]) => start >= x + w || x >= start + width || y - 16 >= high + h || high >= y + 6);
    };
    return placed.find(free) ?? placed[0];
  }

  /** ghosts: [{title, x, y, curve: {x, y} or null}], pinned settings. */
  drawGhosts(ghosts) {
    this.drawnGhosts = ghosts;
    this.ghosts.replaceChildren();
    for (const { title, x, y, curve } of ghosts) {
      const ink = { stroke: "currentColor", "stroke-opacity": 0.7, fill: "none" };
      if (curve) svg("path", { d: this.path(curve.x, curve.y), ...ink, "stroke-width": 2, "stroke-dasharray": "3 3" }, this.ghosts);
      const at = [this.left(x), this.top(y)];
      svg("circle", { cx: at[0], cy: at[1], r: 9, ...ink, "stroke-width": 2 }, this.ghosts);
      svg("text", { x: at[0], y: at[1] + 5, "text-anchor": "middle", "font-size": 13, "font-weight": 700, fill: "currentColor", text: title }, this.ghosts);
    }
  }
}
