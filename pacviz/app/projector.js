// In front of an audience: the arrow and page keys go from picture to picture.

if (!window.pacvizProjector) {
  const pictures = () => [...document.querySelectorAll("[class*='st-key-picture_']")].filter((node) => node.offsetHeight);
  window.pacvizProjector = (event) => {
    const target = event.composedPath()[0], step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (!step || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !document.querySelector(".pacviz-presenting")) return;
    if (target.closest?.("input, select, textarea, [role=slider], [role=radio], [role=listbox], [role=combobox], [contenteditable]")) return;
    const all = pictures(), tops = all.map((node) => node.getBoundingClientRect().top);
    const next = step > 0 ? tops.findIndex((top) => top > 40) : tops.findLastIndex((top) => top < -40);
    if (next < 0 && (step > 0 || !all.length)) return;
    event.preventDefault();
    (all[next] ?? document.querySelector("[data-testid=stMainBlockContainer]")).scrollIntoView({ block: "start" });
  };
  addEventListener("keydown", window.pacvizProjector);
}
