// Where the bytes go: the parts of a code as steps.

/** A round number of bytes. */
const tick = (bytes) => (bytes < 1000 ? `${bytes} B` : `${bytes / 1000} kB`);

const CEILINGS = [2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((mantissa) => mantissa * 10 ** power));

/** From nothing to the effective size: parts of the code as steps, layers as colours and patterns. */
class Waterfall {
  constructor(host, name, parts, layers, looks, scale) {
    Object.assign(this, { frame: new Frame(host, name, scale), parts, layers, looks });
  }

  layout(width, height) {
    const { frame, parts, layers, looks } = this, short = width / frame.scale < 430;
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
    const { left, right, top, bottom } = frame.area, clip = svg("clipPath", { id: "clip-waterfall" }, definitions);
    svg("rect", { x: left, y: top, width: right - left, height: bottom - top + 2 }, clip);
    this.ghosts = svg("g", { class: "ghosts", "clip-path": "url(#clip-waterfall)" }, frame.plot);
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
    frame.entitle(chargesTakeaway(this.parts.map((part, row) => [part, sums[row]])));
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
      const clear = Math.max(this.frame.area.top + 12, y(bytes) - 4);
      svg("text", { x: this.frame.x(this.places.at(-1)) + 0.3 * this.step, y: clear, "font-size": 13, "font-weight": 700, fill: "currentColor", text: title }, this.ghosts);
    }
  }
}
