// In front of an audience: the arrow and page keys go from picture to picture and on to the next page, N and B from page to page.

if (!window.pacvizProjector) {
  const pictures = () => [...document.querySelectorAll("[class*='st-key-picture_']")].filter((node) => node.offsetHeight);
  /** Goes to the next page, or back by one; whether there is one. */
  const turn = (by) => {
    const link = document.querySelector(`.st-key-projector_${by > 0 ? "after" : "before"} a`);
    link?.click();
    return Boolean(link);
  };

  /** Goes to the next picture of the page; whether there is one. */
  const scroll = (by) => {
    const all = pictures(), tops = all.map((node) => node.getBoundingClientRect().top);
    const next = by > 0 ? tops.findIndex((top) => top > 40) : tops.findLastIndex((top) => top < -40);
    const start = document.querySelector("[data-testid=stMainBlockContainer]");
    if (next < 0 && (by > 0 || start.getBoundingClientRect().top >= -40)) return false;
    (all[next] ?? start).scrollIntoView({ block: "start" });
    return true;
  };

  window.pacvizProjector = (event) => {
    const target = event.composedPath()[0], by = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key], page = { n: 1, b: -1 }[event.key.toLowerCase()];
    if (!(by || page) || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !document.querySelector(".pacviz-presenting")) return;
    if (target.closest?.("input, select, textarea, [role=slider], [role=radio], [role=listbox], [role=combobox], [contenteditable]")) return;
    // A page that is still being drawn has no pictures yet: it is not passed by.
    const drawing = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";
    if (by && drawing && !pictures().length) return;
    if (page ? turn(page) : scroll(by) || turn(by)) event.preventDefault();
  };
  addEventListener("keydown", window.pacvizProjector);

  // Plotly leaves a chart half drawn whose place gets its height while the chart is made: one pixel less makes it draw again.
  const redrawn = new WeakMap();
  let looking = 0;
  const look = () => {
    looking = 0;
    if (!document.querySelector(".pacviz-presenting")) return;
    for (const chart of document.querySelectorAll("[class*='st-key-picture_'] .js-plotly-plot")) {
      if (!chart.querySelector(".main-svg") || redrawn.get(chart) === innerHeight) continue;
      redrawn.set(chart, innerHeight);
      const place = chart.closest("[class*='st-key-picture_']");
      place.classList.toggle("pacviz-redrawn");
    }
  };
  new MutationObserver(() => { looking ||= setTimeout(look, 300); }).observe(document.body, { childList: true, subtree: true });
  addEventListener("resize", () => { looking ||= setTimeout(look, 300); });
}
