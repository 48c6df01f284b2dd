// Make HTML and SVG elements. Text from outside goes into text nodes only, so that nobody's markup is ever read as markup.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Return an HTML element. `properties`: attributes; "on…" adds a listener; null, undefined and false are left out. */
export function html(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** Return an SVG element. See `html`. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG_NAMESPACE, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return a whole drawing of the given size. It shrinks with the paper in print. */
export function drawing(width, height, properties, ...children) {
  const [wide, high] = [Math.ceil(width), Math.ceil(height)];
  const size = { width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, class: "drawing" };
  return svg("svg", { ...size, ...properties }, ...children);
}

/** Return text of a drawing that screen readers pass over, because its element has a name that says the same. */
export function drawnText(text, properties) {
  return svg("text", { "aria-hidden": "true", ...properties }, text);
}

/** Return a table with a caption. Each row is a list of cells; the first cell of a row is its heading. */
export function table(caption, heads, rows) {
  const headRow = html("tr", {}, ...heads.map((head) => html("th", { scope: "col" }, head)));
  const body = rows.map(([first, ...cells]) =>
    html("tr", {}, html("th", { scope: "row", dir: "auto" }, first), ...cells.map((cell) => html("td", { dir: "auto" }, cell))),
  );
  return html("table", {}, html("caption", {}, caption), html("thead", {}, headRow), html("tbody", {}, ...body));
}

/** Return a button. */
export function button(label, onclick, properties = {}) {
  return html("button", { type: "button", onclick, ...properties }, label);
}

/** Return a choice of one of several values, with its label. `options`: pairs of value and text. */
export function choice(label, options, value, onchoice) {
  const items = options.map(([item, text]) => html("option", { value: item, selected: item === value }, text));
  const list = html("select", { onchange: () => onchoice(list.value), "data-key": `choice ${label}` }, ...items);
  return html("label", { class: "choice" }, html("span", {}, label), list);
}

/** Have a screen reader say a sentence, when it has said what it is saying. */
export function announce(message) {
  document.getElementById("live").textContent = message;
}

/** Replace the children of an element, and keep the keyboard's place: the focused item is found again by its key. */
export function redraw(element, ...children) {
  const active = document.activeElement;
  const key = element.contains(active) ? active.closest("[data-key]")?.dataset.key : undefined;
  const scrolled = [...element.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  element.replaceChildren(...children.flat().filter(Boolean));
  element.querySelectorAll(".scroll").forEach((box, index) => (box.scrollLeft = scrolled[index] ?? 0));
  if (key !== undefined) {
    const again = [...element.querySelectorAll("[data-key]")].find((item) => item.dataset.key === key);
    again?.focus({ preventScroll: true });
  }
}
