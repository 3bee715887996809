// A page that lives in the browser: one state, drawn in every frame in which it moved; the server hears of it on release.

/** How much larger charts are drawn for an audience (their smallest letters have 13 pixels), and what stays free below them. */
const PROJECTED = 1.4, FOOT = 52;
/** Milliseconds without a move after which all is drawn, what is out of sight too. */
const REST = 150;

class Live {
  /**
   * host: `keys`, where keys are heard that belong to no control, `script`, which fetches the text of this script, and
   * `font`, which fetches the font of pictures as a data address.
   */
  constructor(element, host) {
    this.root = html("div", { class: "explorer", tabindex: -1 }, element);
    html("style", { text: CSS }, element);
    Object.assign(this, { host, sent: 0, touched: false, structure: null, at: 0 });
    this.onKey = (event) => this.key(event);
    this.onWindow = () => this.resize();
    host.keys.addEventListener("keydown", this.onKey);
    window.addEventListener("resize", this.onWindow);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.root);
    this.away = new Set();
    this.sight = new IntersectionObserver((entries) => {
      const back = entries.filter(({ isIntersecting, target }) => (isIntersecting ? this.away.delete(target) : !this.away.add(target)));
      if (back.length && this.data) this.schedule(this.settled);
    }, { rootMargin: "60px" });
    // Titles were measured in the letters that there were.
    this.onFonts = () => { this.layoutKey = null; if (this.data) this.schedule(true); };
    document.fonts?.addEventListener("loadingdone", this.onFonts);
    const highlight = (event) => {
      const name = event.target.closest?.("[data-sym], [data-of]")?.dataset;
      const hot = name?.sym || name?.of?.split(" ")[0];
      if (hot && !this.touched && event.target.tagName !== "INPUT") this.root.dataset.hot = hot; else delete this.root.dataset.hot;
    };
    for (const kind of ["pointerover", "focusin"]) this.root.addEventListener(kind, highlight);
    for (const kind of ["pointerleave", "focusout"]) this.root.addEventListener(kind, () => delete this.root.dataset.hot);
  }

  destroy() {
    clearTimeout(this.rest);
    this.observer.disconnect();
    this.sight.disconnect();
    document.fonts?.removeEventListener("loadingdone", this.onFonts);
    this.host.keys.removeEventListener("keydown", this.onKey);
    window.removeEventListener("resize", this.onWindow);
  }

  key(event) {
    const target = event.composedPath()[0];
    if (!this.state || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 1, PageUp: -1 }[event.key];
    if (by && this.step(by)) event.preventDefault();
    if (event.key === "Escape") this.leave();
  }

  leave() {}

  /** In front of an audience: shows the next picture; whether there is one. */
  step(by) {
    const next = this.at + by;
    if (!this.data.present || next < 0 || next >= this.figures().length) return false;
    this.at = next;
    this.stage();
    this.layoutKey = null;
    this.schedule(true);
    return true;
  }

  figures() { return [...this.root.querySelectorAll(".charts > figure:not([hidden])")]; }

  /** In front of an audience one picture is shown at a time. */
  stage() { this.figures().forEach((figure, index) => figure.classList.toggle("shown", index === this.at)); }

  get scale() { return this.data.present ? PROJECTED : 1; }

  /** Width and height of a chart; usual: its height where nobody projects it. */
  spaceOf(name, usual) {
    if (!this.data.present) return [Math.max(280, this.hosts[name].clientWidth), usual];
    const charts = this.root.querySelector(".charts"), above = charts.getBoundingClientRect().top - this.root.getBoundingClientRect().top;
    return [charts.clientWidth, Math.max(300, window.innerHeight - above - FOOT)];
  }

  /** Whether the page is dark: its ink is light. */
  get dark() { return getComputedStyle(this.root).color.match(/[\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) > 382; }

  /** How lines are drawn on this page. */
  get styles() {
    const { styles } = this.data, { dark } = this;
    return Object.fromEntries(Object.entries(styles).map(([name, style]) => [name, dark ? { ...style, colour: style.lit } : style]));
  }

  /** New data from the server; its state gives way to a slider that has been moved since. */
  receive(data, onChange) {
    Object.assign(this, { data, onChange });
    if (!this.state || (!this.touched && data.echo >= this.sent)) {
      this.state = structuredClone(data.state);
      this.sent = Math.max(this.sent, data.echo);
    }
    const structure = JSON.stringify([this.plan(), this.dark]);
    if (structure !== this.structure) {
      Object.assign(this, { structure, hosts: {}, choices: {}, layoutKey: null });
      const focused = hasFocus(this.root);
      this.sight.disconnect();
      this.away.clear();
      this.root.replaceChildren();
      this.root.classList.toggle("present", Boolean(data.present));
      this.build();
      for (const part of this.root.querySelectorAll(".charts > figure")) this.sight.observe(part);
      this.at = Math.max(0, Math.min(this.at, this.figures().length - 1));
      this.stage();
      if (focused) this.root.focus({ preventScroll: true });
    }
    this.schedule(true);
  }

  /** The room that the charts have. */
  space() { return `${this.root.clientWidth} ${this.data.present ? window.innerHeight : ""}`; }

  resize() {
    this.seen = this.root.clientWidth;
    if (this.data && this.seen && (this.owed || this.space() !== this.room)) this.schedule(true);
  }

  schedule(settled = false) {
    this.settled = settled;
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.show(); });
  }

  /** Draws, if there is room to draw in. */
  show() {
    this.owed = !this.root.clientWidth;
    // Out of sight nothing has a size.  The observer tells of the return, unless a page hid it for a part of this frame only.
    if (this.owed && this.seen) this.schedule(true);
    if (this.owed) return;
    if (this.space() !== this.room) this.layoutKey = null;
    this.room = this.space();
    this.draw();
    this.resting = false;
  }

  /** Whether a part is drawn in this frame: while a slider moves only what is in sight, so that frames are short. */
  drawing(part) { return this.settled || this.resting || !this.away.has(part.closest("figure")); }

  move(name, value) {
    this.touched = true;
    delete this.root.dataset.hot;
    this.state[name] = value;
    this.schedule();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => { this.resting = true; this.schedule(this.settled); }, REST);
  }

  /** Tells the server; keys that repeat are gathered. */
  release(wait = 40) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.touched = false;
      this.onChange?.({ ...structuredClone(this.state), seq: ++this.sent });
    }, wait);
  }

  apply(changes) {
    Object.assign(this.state, changes);
    this.touched = true;
    this.schedule(true);
    this.release(0);
  }

  /** A select box for a setting. */
  choice(host, name, title, text, options) {
    const box = html("div", { class: "slider", "data-control": name }, host), id = `pacviz-${name}`;
    help(text, html("div", { class: "label" }, box, html("label", { for: id, text: title })));
    this.choices[name] = html("select", { id, onchange: (event) => { this.move(name, event.target.value); this.release(); } }, box,
      ...options.map(([value, label]) => html("option", { value, text: label })));
  }

  /** A place for a chart, with the buttons that save it. */
  figure(host, name, hidden = false) {
    const figure = html("figure", { class: name, hidden }, host);
    this.hosts[name] = html("div", { class: "plot" }, figure);
    const bar = html("figcaption", {}, figure);
    for (const kind of ["SVG", "PNG"])
      html("button", { type: "button", text: kind, title: `Save this chart as ${kind}`, onclick: () => this.export(kind, name) }, bar);
  }

  /** The buttons that save what is shown. */
  take(host) {
    html("span", { text: "What is shown, as " }, host);
    for (const kind of ["CSV", "JSON", "HTML"])
      html("button", { type: "button", text: kind, onclick: () => this.export(kind) }, host);
  }

  async export(kind, chart) {
    const name = `pacviz-${chart}`;
    if (kind === "SVG") download(`${name}.svg`, "image/svg+xml", await this.picture(chart));
    else if (kind === "PNG") download(`${name}.png`, "image/png", await png(await this.picture(chart)));
    else if (kind === "JSON") download("pacviz.json", "application/json", JSON.stringify(this.snapshot(), null, 1));
    else if (kind === "CSV") download("pacviz.csv", "text/csv", csv(this.rows()));
    else download("pacviz.html", "text/html", await this.page());
  }

  /** A chart of the present state as the text of an SVG. */
  async picture(name) {
    const style = getComputedStyle(this.root), ground = style.getPropertyValue("--ground").trim() || "white";
    const probe = html("span", { style: `color:${ground}` }, this.root), plain = getComputedStyle(probe).color;
    probe.remove();
    const paint = (host, width, height) => {
      const chart = this.chart(name, host);
      this.paint(name, chart, width, height);
      return chart.frame.root;
    };
    return picture(this.root.parentNode, paint, this.source(), style.color, plain, await this.host.font());
  }

  /** What a page of its own needs to show the present state. */
  portable() { return { ...this.data, state: this.state, echo: 0, alone: true }; }

  /** This page as a file that needs neither server nor network. */
  async page() {
    const source = await this.host.script(), text = JSON.stringify(this.portable()).replaceAll("<", "\\u003c");
    const font = fontFace(await this.host.font());
    return `<!doctype html><html lang="en" style="color-scheme:light dark"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${ALONE_POLICY}"><meta name="viewport" content="width=device-width"><title>pacviz</title><style>${font}</style><body style="margin:1rem"><div id="explorer"></div><script type="module">${source.replaceAll("</script", "<\\/script")}\nmount(document.getElementById("explorer"), ${text}, null);</script></body></html>`;
  }
}

/** A file of its own asks nobody for anything. */
const ALONE_POLICY = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data: blob:; font-src data: blob:; connect-src data: blob:";
const ALONE = { keys: document, script: async () => (await fetch(import.meta.url)).text(), font: pageFont };

/**
 * A function that shows a Live page of this kind in an element, or brings the one there up to date.  onChange: told the
 * state when a slider is let go, with a number `seq` that the next data carries as `echo`; null where nobody listens.
 */
function mounter(Kind) {
  const shown = new WeakMap();
  return (element, data, onChange, host = ALONE) => {
    if (!shown.has(element)) shown.set(element, new Kind(element, host));
    const live = shown.get(element);
    live.receive(data, onChange);
    // An outdated call may be told to clean up although the element lives on.
    return () => setTimeout(() => {
      if (live.root.isConnected) return;
      live.destroy();
      shown.delete(element);
    });
  };
}
