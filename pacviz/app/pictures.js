// Charts that Plotly drew, saved as 16:9: its layers laid into one picture, with the takeaway above and the source below.

window.pacvizPictures = true;
const TAKEAWAY = 22;

/** A text in lines that fit a width; where the next one goes. */
function paragraph(root, text, width, size) {
  let [line, y] = ["", size + 4];
  const put = (words) => { const node = svg("text", { x: 8, y, "font-size": size, "font-weight": 600, fill: "currentColor", text: words }, root); return node; };
  for (const word of text.split(" ")) {
    const longer = `${line} ${word}`.trim(), probe = put(longer), fits = probe.getComputedTextLength() <= width;
    probe.remove();
    if (!fits && line) { put(line); y += 1.25 * size; line = word; } else line = longer;
  }
  put(line);
  return y + 0.5 * size;
}

/** Draws a Plotly chart with its takeaway into a place of a size. */
function painted(chart, takeaway) {
  return (host, width, height) => {
    const root = svg("svg", { width, height, "font-family": "'Source Sans', 'DejaVu Sans', sans-serif" }, host);
    const top = paragraph(root, takeaway, width - 16, TAKEAWAY);
    const [wide, high] = [chart.clientWidth, chart.clientHeight], scale = Math.min(width / wide, (height - top) / high);
    const place = svg("g", { transform: `translate(${(width - scale * wide) / 2} ${top}) scale(${scale})` }, root);
    for (const layer of chart.querySelectorAll(".main-svg")) {
      const copy = layer.cloneNode(true);
      copy.removeAttribute("style");
      for (const unseen of copy.querySelectorAll(".hoverlayer, .zoomlayer, .modebar, .draglayer")) unseen.remove();
      place.append(copy);
    }
    return root;
  };
}

/** Where a picture comes from: the page and what its link says. */
function origin() {
  const settings = [...new URLSearchParams(location.search)].filter(([name]) => !["v", "present"].includes(name) && !/^embed/.test(name));
  return `pacviz: ${location.pathname.split("/").pop() || "compress"}${settings.map(([name, value]) => `, ${name} ${value}`).join("")}`;
}

async function save(button) {
  const host = button.closest("[class*='st-key-picture_']"), chart = host.querySelector(".js-plotly-plot");
  if (!chart) return;
  const { color } = getComputedStyle(button), ground = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  const takeaway = host.querySelector(".pacviz-takeaway").textContent, name = `pacviz-${host.className.match(/st-key-picture_([\w-]+)/)[1]}`;
  const text = await picture(document.body, painted(chart, takeaway), origin(), color, ground, await pageFont());
  if (button.dataset.save === "SVG") download(`${name}.svg`, "image/svg+xml", text);
  else download(`${name}.png`, "image/png", await png(text));
}

addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-save]");
  if (button) save(button);
});
