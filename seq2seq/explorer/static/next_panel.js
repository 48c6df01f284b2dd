// Next token: what the model could write at the chosen step. A click takes another token, and the search goes on from there.

import { button, drawing, drawnText, html, redraw, svg, table } from "./dom.js";
import { percent } from "./numbers.js";
import { hint, makePanel, scrolling } from "./panel.js";
import { at, rove } from "./roving.js";
import { bestIds, result, takeToken, whyFixed } from "./session.js";
import { joinTokens, quoted, shorten, spoken, tokenText } from "./tokens.js";
import { show, view } from "./view.js";

const BAR_ROW = 24;
const [NAMES, BARS, NUMBERS] = [112, 150, 62]; // widths
const LETTERS_OF_NAME = 12;

/** Return the panel. */
export function nextPanel() {
  const panel = makePanel("next", "Next token", "The most probable tokens at the chosen step, given all tokens before it. Take another one, and the search goes on from there.");
  let drawn = "";
  return {
    node: panel.node,
    draw() {
      const shown = result();
      const key = shown && `${shown.id} ${view().step}`;
      if (!shown || key === drawn) return;
      drawn = key;
      const steps = shown.sentence.next;
      if (steps.length === 0) return redraw(panel.body, hint("The sentence is blank, so nothing is written."));
      const step = Math.min(view().step, steps.length - 1);
      const ids = bestIds();
      const bars = drawBars(steps[step].tokens, {
        taken: ids[step], label: `Tokens at step ${step + 1}`, step,
        onTake: whyFixed() ? null : (id) => takeToken(step, id),
      });
      const isListed = steps[step].tokens.some((each) => each.id === ids[step]);
      redraw(panel.body, stepLine(step, steps.length), scrolling(bars), isListed ? null : hint(takenLine(step)), whyFixed() ? hint(whyFixed()) : null);
      panel.setTables(() => steps.map((each, index) => tokenTable(each.tokens, index, ids[index])));
    },
  };
}

function stepLine(step, count) {
  const go = (to) => show({ step: to });
  const before = joinTokens(result().sentence.gates.target_tokens.slice(0, step));
  return html("div", { class: "row" },
    button("‹", () => go(step - 1), { "aria-label": "Step before", disabled: step === 0, "data-key": "step before", class: "control" }),
    html("strong", {}, `Step ${step + 1} of ${count}`),
    button("›", () => go(step + 1), { "aria-label": "Next step", disabled: step === count - 1, "data-key": "step after", class: "control" }),
    html("span", {}, before ? "after " : "at the beginning", before ? html("bdi", {}, quoted(before)) : null));
}

/** Return a sentence about a token that was taken although others are more probable: it was given, or the beam kept it. */
function takenLine(step) {
  const { target_tokens: tokens, log_probabilities: values } = result().sentence.gates;
  return `The translation takes ${quoted(tokens[step])}, which is not among these: ${percent(Math.exp(values[step]))}.`;
}

/** Return tokens with their probabilities as bars. `onTake(id)`: what a click does; null: nothing. */
export function drawBars(tokens, { taken, label, step, onTake }) {
  const width = NAMES + BARS + NUMBERS;
  const rows = tokens.map((each, row) => {
    const isTaken = each.id === taken;
    const y = row * BAR_ROW;
    return svg("g", {
      class: `bar${isTaken ? " taken" : ""}${onTake ? "" : " still"}`, role: onTake ? "button" : "img", "data-step": step, "data-key": `bar ${label} ${each.id}`,
      ...(onTake ? { ...at(row, 0, isTaken), onclick: () => onTake(each.id) } : {}),
      "aria-label": `${spoken(each.token, LETTERS_OF_NAME)} ${percent(each.probability)}${isTaken ? ", taken" : ""}`,
    },
    svg("rect", { class: "ground", x: 0, y: y + 1, width, height: BAR_ROW - 2, rx: 4 }),
    tokenText(shorten(each.token, LETTERS_OF_NAME), { x: NAMES / 2, y: y + 16, "text-anchor": "middle" }), " ",
    svg("rect", { class: "amount", x: NAMES, y: y + 5, width: Math.max(each.probability * BARS, 0.5).toFixed(1), height: BAR_ROW - 10, rx: 2 }),
    drawnText(percent(each.probability), { class: "number", x: width - 6, y: y + 16, "text-anchor": "end" }),
    isTaken ? svg("path", { class: "tick", d: `M5 ${y + 12} l4 4 l6 -9` }) : null);
  });
  const group = svg("g", { role: onTake ? "toolbar" : "group", "aria-label": label, "aria-orientation": onTake ? "vertical" : null }, ...rows);
  return drawing(width, tokens.length * BAR_ROW + 2, {}, onTake ? rove(group) : group);
}

function tokenTable(tokens, step, taken) {
  const rows = tokens.map((each, index) => [String(index + 1), each.token, percent(each.probability), each.id === taken ? "yes" : ""]);
  return table(`Step ${step + 1}`, ["Rank", "Token", "Probability", "Taken"], rows);
}
