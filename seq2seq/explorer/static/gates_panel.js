// Gates: the gates and states of every layer and direction at each token, and the equations of one unit.

import { exported } from "./api.js";
import { columnHeads, headsHeight } from "./axes.js";
import { announce, button, choice, drawing, html, redraw, svg, table } from "./dom.js";
import { equationTable, isNormalised, unitNumbers } from "./equations.js";
import { gateText } from "./numbers.js";
import { hint, makePanel, scrolling } from "./panel.js";
import { at, rove } from "./roving.js";
import { result, unitWindow } from "./session.js";
import { quoted, tokenPlaces } from "./tokens.js";
import { show, view } from "./view.js";

const [NAME_WIDTH, COLUMN, STRIP, UNIT] = [86, 30, 40, 18];

/** Return the panel. */
export function gatesPanel() {
  const panel = makePanel("gates", "Gates and states", "For each token, what each gate and state of a layer does. The line is the mean over the units, the bar holds 80 % of them. Below are single units. Choose one at a token, and see the cell’s equations with its numbers.");
  const bar = html("div", { class: "row control" });
  const layers = html("div", { class: "layers" });
  const equations = html("div", { class: "details", id: "equations" });
  panel.body.append(bar, equations, layers);
  let drawn = "";
  let opened = "";
  return {
    node: panel.node,
    draw() {
      const shown = result();
      const key = shown && JSON.stringify([shown.id, view().unit, view().quantity]);
      if (!shown || key === drawn) return;
      drawn = key;
      const { gates } = shown.sentence;
      if (gates.layers.length === 0) return redraw(layers, hint("The sentence is blank, so the model does not read it."));
      const quantity = chosenQuantity(gates);
      redraw(bar, ...controlsOfUnits(gates, quantity));
      redraw(layers, ...gates.layers.map((layer, index) => drawLayer(layer, index, gates, quantity)));
      redraw(equations, ...openEquations(gates));
      panel.setTables(() => gates.layers.map((layer) => layerTable(layer, gates)));
      if (view().unit !== opened && view().unit !== "") announce(equations.querySelector("caption")?.textContent ?? "");
      opened = view().unit;
    },
  };
}

const quantitiesOf = (layer) => [...layer.gates, ...layer.states];
const tokensOf = (layer, gates) => (layer.side === "encoder" ? gates.source_tokens : gates.target_tokens);
const layerName = (layer) => `${layer.side}, layer ${layer.layer}${layer.side === "encoder" ? `, ${layer.direction}` : ""}`;

function quantityTitle(name) {
  if (name === "h") return "state h";
  if (name === "c") return "cell c";
  return name === "candidate" ? name : `${name} gate`;
}

function chosenQuantity(gates) {
  const names = gates.layers.flatMap((layer) => quantitiesOf(layer).map((quantity) => quantity.name));
  return names.includes(view().quantity) ? view().quantity : names[0];
}

function controlsOfUnits(gates, chosen) {
  const names = [...new Set(gates.layers.flatMap((layer) => quantitiesOf(layer).map((quantity) => quantity.name)))];
  const drawn = [...new Set(gates.layers.flatMap((layer) => quantitiesOf(layer).flatMap((quantity) => quantity.units.map((each) => each.unit))))];
  if (drawn.length === 0) return [hint("Single units are kept for the first sentences of this file only.")];
  const { shown, most } = unitWindow();
  const picks = [choice("Units show the", names.map((name) => [name, quantityTitle(name)]), chosen, (quantity) => show({ quantity }))];
  if (most === 0 || exported) return picks;
  const first = Math.min(view().first, most - 1);
  const go = (to) => show({ first: Math.max(0, Math.min(to, most - 1)), unit: "" });
  return [...picks,
    button("‹", () => go(first - shown), { "aria-label": "Units before", disabled: first === 0, "data-key": "units before" }),
    html("span", {}, `Units ${first} to ${Math.min(first + shown, most) - 1} of ${most}`),
    button("›", () => go(first + shown), { "aria-label": "Next units", disabled: first + shown >= most, "data-key": "units after" })];
}

function drawLayer(layer, index, gates, chosen) {
  const tokens = tokensOf(layer, gates);
  const places = tokenPlaces(tokens);
  const data = layer.side === "encoder" ? "data-from" : "data-step";
  const top = headsHeight(tokens);
  const x = (token) => NAME_WIDTH + places[token] * COLUMN;
  const quantities = quantitiesOf(layer);
  const units = (quantities.find((quantity) => quantity.name === chosen) ?? quantities[0]).units;
  const strips = quantities.map((quantity, row) => stripRow({ layer: index, quantity, row, tokens, places, x, data, y: top + row * STRIP }));
  const unitsTop = top + quantities.length * STRIP + 8;
  const range = rangeOf(quantities.find((quantity) => quantity.name === chosen) ?? quantities[0]);
  const rows = units.map((unit, row) => unitRow({ layer: index, unit, range, row: quantities.length + row, tokens, places, x, data, y: unitsTop + row * UNIT }));
  const grid = svg("g", { role: "grid", "aria-label": `${layerName(layer)}: rows are gates, states and units, columns are tokens` }, ...strips, ...rows);
  const heads = svg("g", { "aria-hidden": "true" }, ...columnHeads(tokens, (token) => x(token) + COLUMN / 2, top, data));
  const way = layer.direction === "backward" ? " It reads from the end to the beginning." : "";
  return html("div", { class: "layer" }, html("h3", {}, layerName(layer)), html("p", { class: "facts" }, `${layer.cell}, ${layer.hidden} units.${way}`),
    scrolling(drawing(NAME_WIDTH + tokens.length * COLUMN + 50, unitsTop + units.length * UNIT + 4, {}, heads, rove(grid))));
}

/** Return the lowest and the highest value that a strip shows. A state without limits takes the largest of its values. */
function rangeOf(quantity) {
  if (quantity.lowest !== null) return [quantity.lowest, quantity.highest];
  const values = [...quantity.lows, ...quantity.highs, ...quantity.units.flatMap((unit) => unit.values)];
  const most = Math.max(...values.map(Math.abs), 0.01);
  return [-most, most];
}

function stripRow({ layer, quantity, row, tokens, places, x, data, y }) {
  const [lowest, highest] = rangeOf(quantity);
  const height = (value) => y + 2 + (STRIP - 6) * (1 - (value - lowest) / (highest - lowest));
  const cells = tokens.map((token, index) => {
    const [low, mean, high] = [quantity.lows[index], quantity.means[index], quantity.highs[index]];
    return svg("g", {
      role: "gridcell", class: "strip", [data]: index, "data-key": `strip ${layer} ${row} ${index}`, ...at(row, places[index], row === 0 && places[index] === 0),
      onclick: () => openUnit(layer, view().unit === "" ? view().first : Number(view().unit.split(",")[1]), index, quantity.name),
      "aria-label": `${quantityTitle(quantity.name)} at ${token}: mean ${gateText(mean)}, 80 % of the units from ${gateText(low)} to ${gateText(high)}`,
    },
    svg("rect", { class: "ground", x: x(index), y: y + 2, width: COLUMN - 1, height: STRIP - 6 }),
    svg("rect", { class: "spread", x: x(index) + 6, y: height(high).toFixed(1), width: COLUMN - 13, height: Math.max(height(low) - height(high), 1).toFixed(1) }),
    svg("rect", { class: "mean", x: x(index) + 2, y: (height(mean) - 1).toFixed(1), width: COLUMN - 5, height: 2 }));
  });
  const name = svg("text", { x: NAME_WIDTH - 8, y: y + STRIP / 2 + 3, "text-anchor": "end" }, quantityTitle(quantity.name));
  const limits = lowest < 0 ? svg("line", { class: "zero", x1: NAME_WIDTH, x2: NAME_WIDTH + tokens.length * COLUMN, y1: height(0), y2: height(0) }) : null;
  return svg("g", { role: "row" }, svg("g", { role: "rowheader" }, name), ...cells, limits);
}

function unitRow({ layer, unit, range, row, tokens, places, x, data, y }) {
  const most = Math.max(...range.map(Math.abs));
  const cells = tokens.map((token, index) => {
    const value = unit.values[index];
    const isOpen = view().unit === `${layer},${unit.unit},${index}`;
    const box = { x: x(index), y, width: COLUMN - 1, height: UNIT - 1 };
    return svg("g", {
      role: "gridcell", class: `cell${isOpen ? " open" : ""}`, [data]: index, "data-key": `unit ${layer} ${unit.unit} ${index}`, ...at(row, places[index]),
      onclick: () => openUnit(layer, unit.unit, index), "aria-label": `unit ${unit.unit} at ${token}: ${gateText(value)}`,
    },
    svg("rect", { ...box, class: "ground" }),
    svg("rect", { ...box, class: value < 0 ? "heat negative" : "heat", "fill-opacity": Math.min(Math.abs(value) / most, 1).toFixed(3) }));
  });
  const name = svg("text", { class: "small", x: NAME_WIDTH - 8, y: y + UNIT - 5, "text-anchor": "end" }, `unit ${unit.unit}`);
  return svg("g", { role: "row" }, svg("g", { role: "rowheader" }, name), ...cells);
}

function openUnit(layer, unit, token, quantity) {
  const { side } = result().sentence.gates.layers[layer];
  show({ unit: `${layer},${unit},${token}`, ...(quantity ? { quantity } : {}), ...(side === "encoder" ? { from: token } : { step: token }) });
}

function openEquations(gates) {
  if (view().unit === "") return [];
  const [index, unit, token] = view().unit.split(",").map(Number);
  const layer = gates.layers[index];
  const tokens = layer ? tokensOf(layer, gates) : [];
  const close = button("Close", () => show({ unit: "" }), { "data-key": "close equations", class: "control" });
  if (tokens[token] === undefined) return [hint("There is no such unit at such a token here."), close];
  const numbers = unitNumbers(layer, unit, token);
  if (!numbers) return [hint(`The numbers of unit ${unit} are not here.`), close];
  const caption = `Unit ${unit} of ${layer.cell} (${layerName(layer)}) at ${quoted(tokens[token])}`;
  const drawn = equationTable(layer, numbers, caption);
  const note = isNormalised(layer, numbers) ? hint("This cell normalises c′ (layer normalisation) before the output gate: h′ = o ⊙ tanh(LN(c′)).") : null;
  const legend = hint("x is the input, h and c are the state before this token, σ is the sigmoid, ⊙ multiplies unit by unit. The sums with W and U are over all inputs and all units of h.");
  return [scrolling(drawn ?? numberTable(numbers, layer, caption)), note, drawn ? legend : hint("This is a cell of your own: the page does not know its equations."), close];
}

function numberTable(numbers, layer, caption) {
  return table(caption, ["Quantity", "Value"], quantitiesOf(layer).map(({ name }) => [quantityTitle(name), gateText(numbers[name])]));
}

function layerTable(layer, gates) {
  const tokens = tokensOf(layer, gates);
  const quantities = quantitiesOf(layer);
  const rows = quantities.flatMap((quantity) => [
    [`${quantityTitle(quantity.name)}, mean`, ...quantity.means.map(gateText)],
    [`${quantityTitle(quantity.name)}, 10th percentile`, ...quantity.lows.map(gateText)],
    [`${quantityTitle(quantity.name)}, 90th percentile`, ...quantity.highs.map(gateText)],
    ...quantity.units.map((unit) => [`${quantityTitle(quantity.name)}, unit ${unit.unit}`, ...unit.values.map(gateText)]),
  ]);
  return table(layerName(layer), ["Quantity", ...tokens], rows);
}
