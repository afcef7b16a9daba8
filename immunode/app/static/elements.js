"use strict";
/* Elements of the page: text goes in as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-") || name === "tabindex") node.setAttribute(name, String(value));
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
const pressed = (action) => ({
  onclick: action,
  onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); action(e); } },
});

/* A select of names. */
function picker(id, label, options, chosen, action) {
  const box = el("select", { id, onchange: () => action(box.value) }, ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
  return el("label", { for: id }, label, box);
}

/* Colors of lines: as they stand in the style sheet, and as a canvas needs them. */
const COLORS = { with: "var(--with)", without: "var(--without)", ghost: "var(--ghost)", guess: "var(--guess)" };
function paint(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/* On a phone drawings are laid out narrow and gaps are small. */
const isNarrow = () => document.documentElement.clientWidth < 620;
/* Whether curves stand below the drawing, not beside it. */
const isColumn = () => matchMedia("(max-width: 999px)").matches;
