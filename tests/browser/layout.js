// What a person can read on a page, as boxes; and what is wrong with them: cut, over one another, beyond the screen, too small.

(options) => {
  const { least = 0 } = options;
  const wide = window.innerWidth;
  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const style = new Map();
  const styled = (node) => style.get(node) ?? style.set(node, getComputedStyle(node)).get(node);
  const visible = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });

  /** Letters are lower than their line: of a box, what letters cover. */
  const letters = ({ left, right, top, bottom }, turned) => {
    const cut = 0.2 * (turned ? right - left : bottom - top);
    return turned ? { left: left + cut, right: right - cut, top, bottom } : { left, right, top: top + cut, bottom: bottom - cut };
  };

  const texts = [];
  const note = (text, boxes, node) => { for (const box of boxes) if (box.right - box.left > 1 && box.bottom - box.top > 1) texts.push({ text, box, node }); };
  const walk = (root) => {
    for (const node of root.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        const text = node.textContent.trim().replace(/\s+/g, " "), host = node.parentElement ?? root.host;
        if (!text || text === "^" || !host || !visible(host)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const turn = host.closest?.("svg") ? Math.atan2(host.getScreenCTM?.()?.b ?? 0, host.getScreenCTM?.()?.a ?? 1) : 0;
        const turned = Math.abs(Math.sin(turn)) > 0.99;
        if (Math.abs(Math.sin(turn)) > 0.01 && !turned) continue;
        note(text, [...range.getClientRects()].map((box) => letters(box, turned)), host);
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        if (/^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE|ANNOTATION|OPTION)$/i.test(node.tagName) || node.matches(".hidden, .katex-mathml, [data-testid=stIconMaterial]")) continue;
        // A sidebar that is closed lies beside the screen, or has no width.
        if (node.matches("[data-testid=stSidebar]") && (node.getBoundingClientRect().right <= 0 || node.getAttribute("aria-expanded") === "false")) continue;
        if (node.matches(".st-key-projector button") && visible(node)) note("(projector)", [node.getBoundingClientRect()], node);
        if (node.matches(".modebar") && visible(node)) note("(toolbar)", [node.getBoundingClientRect()], node);
        if (node.tagName === "SELECT" && visible(node)) note(node.selectedOptions[0]?.text ?? "", [letters(node.getBoundingClientRect())], node);
        if (node.tagName === "INPUT" && visible(node) && /^(text|number|search)$/.test(node.type) && node.value) note(node.value, [letters(node.getBoundingClientRect())], node);
        if (node.shadowRoot) walk(node.shadowRoot);
        walk(node);
      }
    }
  };
  walk(document.body);

  const problems = [];
  const tell = (what, item) => problems.push(`${what}: ${JSON.stringify(item.text.slice(0, 80))} at ${["left", "top", "right", "bottom"].map((side) => Math.round(item.box[side])).join(" ")}`);
  const shown = [];
  for (const item of texts) {
    const { box, node } = item;
    let hidden = false, cut = null, inside = node;
    for (let at = node; at && at !== document.documentElement; inside = at, at = parent(at)) {
      const { overflowX, overflowY, contain, position, clipPath } = styled(at);
      if (clipPath !== "none" && at.getBoundingClientRect().width <= 1) hidden = true;
      const paint = /paint|content|strict/.test(contain);
      const clips = (overflow) => overflow !== "visible" || paint;
      if (!clips(overflowX) && !clips(overflowY)) continue;
      if (at.tagName !== "svg" && /^(inline|contents)$/.test(styled(at).display)) continue;
      if (at instanceof SVGElement && at.tagName !== "svg") continue;
      const edge = at.getBoundingClientRect();
      if (edge.width <= 1 || edge.height <= 1) { hidden = true; break; }
      const scrolls = (overflow) => /auto|scroll/.test(overflow);
      const roomy = at.matches("[data-testid=stMain], [data-testid=stSidebarContent], [data-testid=stSidebar], [data-testid=stAppViewContainer], body, .pins, pre, code, [data-testid=stTable], [data-testid=stTableStyledTable], [data-testid=stDataFrame], .top-nav");
      if (clips(overflowX) && (box.left < edge.left - 1.5 || box.right > edge.right + 1.5)) {
        if (!(roomy && scrolls(overflowX))) cut ??= `cut at the ${box.left < edge.left - 1.5 ? "left" : "right"} by ${at.tagName}.${String(at.getAttribute("class") ?? "").slice(0, 40)}`;
        else hidden = box.right < edge.left || box.left > edge.right;
      }
      if (clips(overflowY) && (box.top < edge.top - 1.5 || box.bottom > edge.bottom + 1.5)) {
        if (!(roomy && scrolls(overflowY))) cut ??= `cut ${box.top < edge.top - 1.5 ? "above" : "below"} by ${at.tagName}.${String(at.getAttribute("class") ?? "").slice(0, 40)}`;
      }
      if (roomy) break;
    }
    if (hidden) continue;
    shown.push(item);
    if (cut) tell(cut, item);
    else if (node.closest?.("pre, code, .pins, [data-testid=stTable]") == null && (box.left < -0.5 || box.right > wide + 0.5)) tell("beyond the screen", item);
  }
  // Letters may touch where a chart says so itself: a point's label over the lines; never where another text stands.
  const fixed = (node) => { for (let at = node; at; at = parent(at)) if (/fixed|sticky/.test(styled(at).position)) return at; return null; };
  shown.sort((one, other) => one.box.top - other.box.top);
  const above = shown.map(({ node }) => (node.closest?.(".st-key-projector, [data-testid=stHeader]") ? "header" : fixed(node)));
  shown.forEach((one, index) => {
    for (let next = index + 1; next < shown.length && shown[next].box.top < one.box.bottom - 1.5; next += 1) {
      const other = shown[next], across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - other.box.top;
      if (one.text === "(projector)" && one.node.contains(other.node) || other.text === "(projector)" && other.node.contains(one.node)) continue;
      if (across <= 1.5 || down <= 1.5 || above[index] !== above[next]) continue;
      problems.push(`over one another: ${JSON.stringify(one.text.slice(0, 60))} and ${JSON.stringify(other.text.slice(0, 60))} at ${Math.round(one.box.left)} ${Math.round(one.box.top)} / ${Math.round(other.box.left)} ${Math.round(other.box.top)}, by ${across.toFixed(1)} x ${down.toFixed(1)}`);
    }
  });
  if (least) for (const item of shown) {
    const node = item.node;
    if (!node.closest?.("svg") || /^\((toolbar|projector)\)$/.test(item.text)) continue;
    const matrix = node.getScreenCTM?.(), scale = matrix ? Math.hypot(matrix.a, matrix.b) : 1, size = parseFloat(styled(node).fontSize) * scale;
    if (size < least - 0.01) problems.push(`smaller than ${least} pixels: ${JSON.stringify(item.text.slice(0, 60))}, ${size.toFixed(1)}`);
  }
  return { problems: [...new Set(problems)], count: shown.length };
}
