// What is taken away: pictures of 16:9 with their font in them, tables that a spreadsheet does not run.

const WIDE = 960, HIGH = 540, SOURCE_LINE = 26;

function download(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A file's content as a data address. */
async function dataAddress(url) {
  const blob = await (await fetch(url)).blob();
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).replace(/^data:[^;,]*/, "data:font/woff2"));
    reader.readAsDataURL(blob);
  });
}

/** Source Sans as the page itself has it, as a data address; "" where it has not. */
async function pageFont() {
  for (const sheet of document.styleSheets) {
    let rules = [];
    try { rules = [...sheet.cssRules]; } catch { /* Another origin's style says nothing. */ }
    for (const { style } of rules.filter((rule) => rule instanceof CSSFontFaceRule)) {
      const [family, kind, from] = ["font-family", "font-style", "src"].map((name) => style.getPropertyValue(name));
      const address = /^["']?source sans/i.test(family) && kind !== "italic" && from.match(/url\(["']?([^"')]+)/)?.[1];
      if (address) return address.startsWith("data:") ? address : dataAddress(new URL(address, sheet.href ?? document.baseURI));
    }
  }
  return "";
}

const fontFace = (address) => (address ? `@font-face{font-family:"Source Sans";font-weight:200 900;src:url(${address}) format("woff2")}` : "");

/** Has the browser know a font before anything is measured in it. */
async function haveFont(address) {
  if (!address) return;
  const font = new FontFace("Source Sans", `url(${address})`, { weight: "200 900" });
  document.fonts.add(await font.load());
}

/**
 * A chart as the text of an SVG of 16:9.  paint(host, width, height): draws it there, and returns its root.
 * told: the source line.  ink, ground: the page's own.
 */
async function picture(beside, paint, told, ink, ground, font) {
  await haveFont(font);
  const stage = html("div", { class: "stage", style: `position:fixed;left:-9999px;top:0;width:${WIDE}px;color:${ink}` }, beside);
  try {
    const root = paint(stage, WIDE, HIGH - SOURCE_LINE);
    set(root, { height: HIGH, viewBox: `0 0 ${WIDE} ${HIGH}` });
    const line = svg("text", { x: 4, y: HIGH - 8, "font-size": 12, fill: "currentColor", "fill-opacity": 0.8, class: "source", text: told }, root);
    const room = WIDE - 8, length = line.getComputedTextLength();
    // Letters are hinted: at a smaller size they are not smaller by the same factor.
    if (length > room) set(line, { "font-size": Math.floor((120 * room) / length) / 10, textLength: room, lengthAdjust: "spacingAndGlyphs" });
    return svgText(root, ink, ground, font);
  } finally {
    stage.remove();
  }
}

/** A chart as a file's text: with the page's own ink and ground, and the font that it was measured in. */
function svgText(chart, ink, ground, font) {
  const copy = chart.cloneNode(true);
  set(copy, { xmlns: "http://www.w3.org/2000/svg", style: `color:${ink};background:${ground}` });
  for (const node of copy.querySelectorAll(".halo")) node.setAttribute("style", `paint-order:stroke;stroke:${ground};stroke-width:4px`);
  copy.prepend(svg("style", { text: fontFace(font) }), svg("rect", { width: "100%", height: "100%", fill: ground }));
  return new XMLSerializer().serializeToString(copy);
}

/** The text of an SVG as a PNG of 1920 x 1080. */
async function png(text) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = html("canvas", { width: 2 * WIDE, height: 2 * HIGH });
  canvas.getContext("2d").drawImage(image, 0, 0, 2 * WIDE, 2 * HIGH);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** Rows as CSV: numbers as they are; a text that a spreadsheet would take for a formula is made one that it does not. */
function csv(rows) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\n");
}
