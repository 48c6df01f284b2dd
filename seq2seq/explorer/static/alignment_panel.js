// Alignment: where the decoder looks while it writes each token.

import { columnHeads, headsHeight, rowHeads, rowHeadsWidth } from "./axes.js";
import { drawing, html, redraw, svg, table } from "./dom.js";
import { onMark } from "./marks.js";
import { weightText } from "./numbers.js";
import { hint, makePanel, scrolling } from "./panel.js";
import { at, rove } from "./roving.js";
import { result } from "./session.js";
import { quoted, textWidth, tokenPlaces, tokenText } from "./tokens.js";
import { show, view } from "./view.js";

const CELL = 24;
const THICKEST = 16; // a band with all the weight, in pixels
const LEAST = 0.01; // weights below have no band
const [TOP, BOTTOM, HEIGHT] = [30, 190, 222]; // of the rows of tokens

/** Return the panel. */
export function alignmentPanel() {
  const panel = makePanel("alignment", "Alignment", "Where the decoder looks while it writes a token. The source stands above, the translation below; a band is as thick as the attention weight. In the matrix, each row is a token of the translation.");
  const readout = html("p", { class: "readout", id: "weight" });
  let drawn = "";
  onMark(({ step, from }) => (readout.textContent = describe(step ?? view().step, from ?? view().from)));
  return {
    node: panel.node,
    draw() {
      if (!result()) return;
      readout.textContent = describe(view().step, view().from);
      if (drawn === result().id) return;
      drawn = result().id;
      const { sentence } = result();
      const { attention, gates } = sentence;
      if (gates.source_tokens.length === 0) return redraw(panel.body, hint("The sentence is blank, so there is nothing to read."));
      const matrix = attention ? drawMatrix(sentence) : null;
      const note = attention ? null : hint("This model has no attention. The encoder hands on one vector, which is the same at all steps: there are no weights, and no matrix.");
      redraw(panel.body, html("div", { class: "pair" }, scrolling(drawBands(sentence)), matrix ? scrolling(matrix) : note), readout);
      panel.setTables(attention ? () => [weightTable(sentence)] : null);
    },
  };
}

/** Return a sentence about the weight of a link. */
function describe(step, from) {
  const sentence = result()?.sentence;
  const [target, source] = [sentence?.gates.target_tokens[step], sentence?.gates.source_tokens[from]];
  if (target === undefined) return "";
  if (!sentence.attention) return `Step ${step + 1} writes ${quoted(target)}. It reads the same vector as all steps.`;
  const weights = sentence.attention[step];
  const strongest = weights.indexOf(Math.max(...weights));
  if (source === undefined) return `Step ${step + 1} writes ${quoted(target)}. It looks most at ${quoted(sentence.gates.source_tokens[strongest])}: ${weightText(weights[strongest])}.`;
  return `Step ${step + 1} writes ${quoted(target)} and looks at ${quoted(source)} with the weight ${weightText(weights[from])}.`;
}

/** Return the two rows of tokens with bands between them. `links` false: another run's, whose steps are not the page's. */
export function drawBands(sentence, links = true) {
  const { source_tokens: source, target_tokens: target } = sentence.gates;
  const [above, below] = [tokenRow(source), tokenRow(target)];
  const width = Math.max(above.width, below.width, 120);
  const shift = (row) => row.middles.map((x) => x + (width - row.width) / 2);
  const [from, to] = [shift(above), shift(below)];
  const parts = sentence.attention ? bands(sentence.attention, from, to, links) : bottleneck(from, to, width / 2, links);
  const names = (tokens, places, y, name) => tokens.map((token, index) =>
    tokenText(token, { x: places[index], y, "text-anchor": "middle", ...(links ? { [name]: index, onclick: () => choose(name, index) } : {}) }));
  const label = sentence.attention ? "Bands of attention from the source to the translation" : "All source tokens go into one vector, which all target tokens read";
  const rows = [...names(source, from, TOP - 8, "data-from"), ...names(target, to, BOTTOM + 18, "data-step")];
  return drawing(width, HEIGHT, { role: "img", "aria-label": label }, ...parts, ...rows);
}

function choose(name, index) {
  show(name === "data-step" ? { step: index } : { from: index });
}

/** Return the width of a row of tokens, and the middle of each. */
function tokenRow(tokens) {
  const widths = tokens.map((token) => Math.max(textWidth(token) + 14, 24));
  const places = tokenPlaces(tokens);
  const order = places.map((_, place) => places.indexOf(place));
  const middles = [];
  let x = 4;
  for (const index of order) {
    middles[index] = x + widths[index] / 2;
    x += widths[index];
  }
  return { width: x + 4, middles };
}

const curve = (x, y, toX, toY) => `M${x} ${y} C${x} ${(y + toY) / 2} ${toX} ${(y + toY) / 2} ${toX} ${toY}`;

function bands(attention, from, to, links) {
  return attention.flatMap((weights, step) => weights.map((weight, index) => {
    if (weight < LEAST) return null;
    const data = links ? { "data-step": step, "data-from": index, onclick: () => show({ step, from: index }) } : {};
    return svg("path", { class: "band", d: curve(from[index], TOP, to[step], BOTTOM), "stroke-width": (weight * THICKEST).toFixed(2), ...data },
      svg("title", {}, weightText(weight)));
  })).filter(Boolean);
}

function bottleneck(from, to, middle, links) {
  const y = (TOP + BOTTOM) / 2;
  const line = (x, fromY, toX, toY, data) => svg("path", { class: "band", d: curve(x, fromY, toX, toY), "stroke-width": 3, ...(links ? data : {}) });
  return [
    ...from.map((x, index) => line(x, TOP, middle, y - 16, { "data-from": index })),
    ...to.map((x, index) => line(middle, y + 16, x, BOTTOM, { "data-step": index })),
    svg("rect", { class: "vector", x: middle - 50, y: y - 16, width: 100, height: 32, rx: 6 }),
    svg("text", { class: "vector-name", x: middle, y: y + 5, "text-anchor": "middle" }, "one vector"),
  ];
}

function drawMatrix(sentence) {
  const { source_tokens: source, target_tokens: target } = sentence.gates;
  const places = tokenPlaces(source);
  const [left, top] = [rowHeadsWidth(target), headsHeight(source)];
  const x = (index) => left + places[index] * CELL;
  const rows = target.map((token, step) => svg("g", { role: "row" }, ...source.map((name, from) => cell(sentence.attention[step][from], step, from))));
  function cell(weight, step, from) {
    const box = { x: x(from), y: top + step * CELL, width: CELL - 1, height: CELL - 1 };
    return svg("g", {
      role: "gridcell", class: "cell", ...at(step, places[from], step === view().step && from === view().from), "data-key": `cell ${step} ${from}`,
      "data-step": step, "data-from": from, onclick: () => show({ step, from }),
      "aria-label": `step ${step + 1}, ${target[step]}, source ${source[from]}: ${weightText(weight)}`,
    }, svg("rect", { ...box, class: "ground" }), svg("rect", { ...box, class: "heat", "fill-opacity": weight.toFixed(3) }));
  }
  const width = left + source.length * CELL + 60;
  const heads = [...columnHeads(source, (index) => x(index) + CELL / 2, top, "data-from"), ...rowHeads(target, left - 6, (step) => top + (step + 0.5) * CELL, "data-step")];
  const names = svg("g", { "aria-hidden": "true" }, ...heads);
  const grid = svg("g", { role: "grid", "aria-label": "Attention weights: rows are steps, columns are source tokens" }, ...rows);
  return drawing(width, top + target.length * CELL + 6, {}, names, rove(grid));
}

function weightTable(sentence) {
  const { source_tokens: source, target_tokens: target } = sentence.gates;
  const rows = target.map((token, step) => [`${step + 1}. ${token}`, ...sentence.attention[step].map(weightText)]);
  return table("Attention weights", ["Step", ...source], rows);
}
