// Edited attention: at the chosen step, other weights than the model's own.

import { resetWeights } from "./branches_panel.js";
import { button, drawing, drawnText, html, redraw, svg, table } from "./dom.js";
import { drawBars } from "./next_panel.js";
import { weightText } from "./numbers.js";
import { hint, makePanel, scrolling } from "./panel.js";
import { at, rove } from "./roving.js";
import { applyWeights, result, whyFixed } from "./session.js";
import { quoted, shorten, tokenPlaces, tokenText } from "./tokens.js";
import { view } from "./view.js";

const [COLUMN_WIDTH, BAR_HEIGHT, BAR_TOP] = [48, 120, 20];
const SHARE = 0.05; // of one press of an arrow
const LEAST_DRAG = 4; // pixels; a shorter one is a click

/** Return the panel. */
export function weightsPanel() {
  const panel = makePanel("weights", "Edited attention", "What would the model write if it looked elsewhere? Click a source token to give it all the weight. Drag its bar, or press the arrows up and down, to give it a share. Then apply.");
  let drawn = "";
  let weights = [];
  const isReset = () => weights === own();
  const draw = () => {
    const steps = result().sentence.attention;
    if (!steps) return redraw(panel.body, hint("This model has no attention, so there are no weights to change."));
    if (steps.length === 0) return redraw(panel.body, hint("The sentence is blank."));
    const why = whyFixed();
    redraw(panel.body, html("p", {}, `Step ${currentStep() + 1} writes `, html("bdi", {}, quoted(result().sentence.gates.target_tokens[currentStep()])), "."),
      scrolling(drawSliders(weights, why ? null : change)),
      why ? hint(why) : html("div", { class: "row control" },
        button("Apply", () => applyWeights(currentStep(), weights), { class: "main", "data-key": "apply weights" }),
        button("Reset", reset, { disabled: isReset() && !view().edit, "data-key": "reset weights" })),
      result().plain ? beforeAndAfter() : null);
    panel.setTables(() => [weightsTable(weights)]);
  };
  const change = (index, weight) => {
    weights = withWeight(weights, index, weight);
    draw();
  };
  const reset = () => {
    weights = own();
    if (view().edit) resetWeights();
    else draw();
  };
  return {
    node: panel.node,
    draw() {
      const key = result() && `${result().id} ${view().step}`;
      if (!result() || key === drawn) return;
      drawn = key;
      weights = own();
      draw();
    },
  };
}

const currentStep = () => Math.min(view().step, result().sentence.gates.target_tokens.length - 1);
const own = () => result().sentence.attention?.[currentStep()] ?? [];

/** Return weights in which one has a new value and the others share the rest as before. */
function withWeight(weights, index, weight) {
  const value = Math.min(Math.max(weight, 0), 1);
  const others = weights.reduce((sum, each, other) => (other === index ? sum : sum + each), 0);
  if (weights.length === 1) return [1];
  return weights.map((each, other) => {
    if (other === index) return value;
    return others > 1e-9 ? (each / others) * (1 - value) : (1 - value) / (weights.length - 1);
  });
}

function drawSliders(weights, onChange) {
  const { source_tokens: tokens } = result().sentence.gates;
  const places = tokenPlaces(tokens);
  const items = tokens.map((token, index) => {
    const x = places[index] * COLUMN_WIDTH + 4;
    const high = weights[index] * BAR_HEIGHT;
    const item = svg("g", {
      class: `slider${onChange ? "" : " still"}`, role: "slider", "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": weights[index].toFixed(2),
      "aria-valuetext": weightText(weights[index]), "aria-label": `Weight of ${token}`, "aria-disabled": onChange ? null : "true",
      "data-from": index, "data-key": `slider ${index}`, ...at(0, places[index], places[index] === 0),
    },
    svg("rect", { class: "ground", x, y: BAR_TOP, width: COLUMN_WIDTH - 6, height: BAR_HEIGHT, rx: 4 }),
    svg("rect", { class: "amount", x, y: BAR_TOP + BAR_HEIGHT - high, width: COLUMN_WIDTH - 6, height: high, rx: 4 }),
    drawnText(weightText(weights[index]), { class: "number", x: x + COLUMN_WIDTH / 2 - 3, y: 14, "text-anchor": "middle" }),
    tokenText(shorten(token, 5), { x: x + COLUMN_WIDTH / 2 - 3, y: BAR_TOP + BAR_HEIGHT + 18, "text-anchor": "middle" }));
    if (onChange) listen(item, index, weights, onChange);
    return item;
  });
  const group = svg("g", { role: "group", "aria-label": "Attention weights over the source tokens" }, ...items);
  return drawing(tokens.length * COLUMN_WIDTH + 8, BAR_TOP + BAR_HEIGHT + 26, {}, rove(group, stepAlong));
  function stepAlong(item, key) {
    const index = Number(item.dataset.from);
    const sign = { ArrowUp: 1, ArrowDown: -1 }[key];
    if (sign === undefined) return undefined;
    if (onChange) onChange(index, weights[index] + sign * SHARE);
    return null;
  }
}

/** Listen to the click that gives all the weight, and to the drag that gives a share. */
function listen(item, index, weights, onChange) {
  item.addEventListener("click", (event) => event.detail === 0 && onChange(index, 1)); // Enter and Space
  item.addEventListener("pointerdown", (down) => {
    const box = item.querySelector(".ground").getBoundingClientRect();
    let dragged = false;
    const share = (event) => (box.bottom - event.clientY) / box.height;
    const move = (event) => {
      if (!dragged && Math.abs(event.clientY - down.clientY) < LEAST_DRAG) return;
      dragged = true;
      onChange(index, share(event));
    };
    const up = () => {
      stop();
      if (!dragged) onChange(index, 1);
    };
    const stop = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", stop);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", stop);
  });
}

/** Return the next tokens of the edited step, with the model's weights and with the user's. */
function beforeAndAfter() {
  const { step } = view().edit;
  const [before, after] = [result().plain.sentences[0], result().sentence];
  if (!before.next[step] || !after.next[step]) return null;
  const side = (title, sentence) => html("figure", {}, html("figcaption", {}, title),
    scrolling(drawBars(sentence.next[step].tokens.slice(0, 6), { taken: null, label: title, step, onTake: null })),
    html("p", { class: "facts", dir: "auto" }, sentence.gates.text));
  return html("div", { class: "pair" }, side(`Step ${step + 1} with the model’s weights`, before), side(`Step ${step + 1} with your weights`, after));
}

function weightsTable(weights) {
  const rows = result().sentence.gates.source_tokens.map((token, index) => [token, weightText(own()[index]), weightText(weights[index])]);
  return table(`Weights at step ${currentStep() + 1}`, ["Source token", "Shown above", "Not applied yet"], rows);
}
