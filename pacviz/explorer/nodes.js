// Elements of HTML and SVG, made in one line.

/** An HTML element: html("p", {class: "note", text: "…"}, parent, child, …). */
function html(tag, attributes = {}, parent = null, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  if (parent) parent.append(node);
  return node;
}

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
