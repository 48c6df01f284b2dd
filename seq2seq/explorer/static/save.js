// Save a panel as SVG or PNG, as it looks on the page. The styles are written into the file.

import { svg } from "./dom.js";

const FONT = ["font-family", "font-size", "font-weight"];
const PAINT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity"];
const USUAL = new Set(["fill-opacity 1", "stroke none", "stroke-opacity 1", "stroke-dasharray none", "opacity 1", "font-weight 400"]);
const SKIPPED = "details, select, input, textarea, .control, .hidden-text";
const MARGIN = 12;
const SHARPNESS = 2; // pixels of a PNG for one pixel of the page
const MOST_PIXELS = 16000; // on a side: browsers draw no larger picture

/** Save a panel's picture under a name. `kind`: "svg" or "png". */
export async function savePanel(panel, name, kind) {
  const picture = panelPicture(panel);
  const file = new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" });
  download(kind === "png" ? await rasterise(file, picture) : file, `${name}.${kind}`);
}

/** Return a panel as one SVG: its drawings as they are, its text word by word where it stands. */
function panelPicture(panel) {
  const frame = panel.getBoundingClientRect();
  const parts = [...walk(panel, frame)];
  const width = Math.ceil(Math.max(...parts.map((part) => part.right), 1) + MARGIN);
  const height = Math.ceil(Math.max(...parts.map((part) => part.bottom), 1) + MARGIN);
  const paper = svg("rect", { width, height, fill: getComputedStyle(panel).backgroundColor });
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, paper);
  picture.append(...parts.map((part) => part.element));
  return picture;
}

function* walk(node, frame) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) yield* words(child, frame);
    if (child.nodeType !== Node.ELEMENT_NODE || child.matches(SKIPPED) || child.getClientRects().length === 0) continue;
    const box = child.getBoundingClientRect();
    const edges = { right: box.right - frame.left, bottom: box.bottom - frame.top };
    if (child instanceof SVGSVGElement) {
      const copy = inlined(child);
      copy.setAttribute("x", box.left - frame.left);
      copy.setAttribute("y", box.top - frame.top);
      yield { element: copy, ...edges };
      continue;
    }
    const { backgroundColor } = getComputedStyle(child);
    if (!/^rgba\(.*, 0\)$|^transparent$/.test(backgroundColor)) {
      const area = { x: box.left - frame.left, y: box.top - frame.top, width: box.width, height: box.height, rx: 3 };
      yield { element: svg("rect", { ...area, fill: backgroundColor }), right: 0, bottom: edges.bottom };
    }
    yield* walk(child, frame);
  }
}

/** Yield each word of a text node as an SVG text. */
function* words(node, frame) {
  const style = getComputedStyle(node.parentElement);
  for (const match of node.data.matchAll(/\S+/g)) {
    const range = document.createRange();
    range.setStart(node, match.index);
    range.setEnd(node, match.index + match[0].length);
    const box = range.getBoundingClientRect();
    const size = parseFloat(style.fontSize);
    const text = svg("text", {
      x: (box.left + box.right) / 2 - frame.left, y: (box.top + box.bottom) / 2 - frame.top + size * 0.35,
      "text-anchor": "middle", fill: style.color, "font-family": style.fontFamily, "font-size": size, "font-weight": style.fontWeight,
    }, match[0]);
    yield { element: text, right: box.right - frame.left, bottom: box.bottom - frame.top };
  }
}

/** Return a copy of a drawing with its computed styles as attributes. */
function inlined(original) {
  const copy = original.cloneNode(true);
  const copies = [copy, ...copy.querySelectorAll("*")];
  [original, ...original.querySelectorAll("*")].forEach((element, index) => {
    const style = getComputedStyle(element);
    for (const { name } of [...element.attributes]) {
      if (/^(class|role|tabindex|data-.*|aria-.*)$/.test(name)) copies[index].removeAttribute(name);
    }
    if (["g", "svg", "title"].includes(element.tagName)) return;
    for (const name of element.tagName === "text" ? [...PAINT, ...FONT] : PAINT) {
      const value = style.getPropertyValue(name);
      if (!USUAL.has(`${name} ${value}`) && (name !== "stroke-width" || style.stroke !== "none")) copies[index].setAttribute(name, value);
    }
  });
  return copy;
}

async function rasterise(file, picture) {
  const [width, height] = ["width", "height"].map((side) => Number(picture.getAttribute(side)));
  const scale = Math.min(SHARPNESS, MOST_PIXELS / width, MOST_PIXELS / height);
  const address = URL.createObjectURL(file);
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * scale, height * scale];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function download(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
