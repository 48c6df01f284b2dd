// Beam: the tree of hypotheses that the search considered, step by step.

import { exported } from "./api.js";
import { button, choice, drawing, drawnText, html, redraw, svg, table } from "./dom.js";
import { percent, scoreText } from "./numbers.js";
import { hint, makePanel, scrolling } from "./panel.js";
import { at, rove } from "./roving.js";
import { pathTo, result, takePath, whyFixed } from "./session.js";
import { joinTokens, quoted, shorten, spoken, tokenText } from "./tokens.js";
import { show, view } from "./view.js";

const [STEP, ROW, WIDE, HIGH] = [128, 40, 100, 32]; // of a step, a row, and a node
const [LEFT, TOP_SPACE] = [10, 26];
const LETTERS_IN_NODE = 10;
const MOST_DRAWN = 200; // pruned hypotheses of a step
const SIGNS = { "goes on": "", finished: "■", pruned: "×", dropped: "–" };
const MEANINGS = {
  "goes on": "It is in the beam of the next step.",
  finished: "It has taken </s> and is a whole translation.",
  pruned: "It was thrown away: better hypotheses took all places of the beam.",
  dropped: "The search ended before it did, because it could no longer win.",
};

/** Return the panel. */
export function beamPanel() {
  const panel = makePanel("beam", "Beam", "All hypotheses that the search considered, step by step, the best at the top. The number is the log-probability of all tokens so far. × was pruned, ■ is finished, – was dropped at the end. The thick path is the translation.");
  const tree = html("div", {});
  const details = html("div", { class: "details", id: "hypothesis", "aria-live": "polite" });
  const bar = html("div", { class: "row control" });
  panel.body.append(bar, tree, details);
  let drawn = "";
  return {
    node: panel.node,
    draw() {
      const shown = result();
      const key = shown && `${shown.id} ${view().node} ${view().pruned}`;
      if (!shown || key === drawn) return;
      drawn = key;
      const { search } = shown.sentence;
      const isEmpty = !search || search.steps.length === 0;
      redraw(bar, isEmpty ? null : choice("Pruned hypotheses of a step", [["0", "none"], ["5", "the 5 best"], ["200", "all"]], String(view().pruned), (pruned) => show({ pruned: Number(pruned) })));
      redraw(tree, isEmpty ? hint("Nothing was searched: the sentence is blank.") : scrolling(drawTree(search)));
      redraw(details, ...(isEmpty ? [] : describeHypothesis(search)));
      panel.setTables(isEmpty ? null : () => searchTables(search));
    },
  };
}

/** Return the hypotheses that are drawn at each step: those that were kept, the best pruned ones, and the chosen path. */
function drawnHypotheses(search, chosen) {
  return search.steps.map((step) => {
    let left = Math.min(view().pruned, MOST_DRAWN);
    return step.hypotheses.filter((hypothesis) => hypothesis.state !== "pruned" || chosen.has(hypothesis.id) || left-- > 0);
  });
}

function drawTree(search) {
  const winner = new Set(pathTo(search, search.winner).map((hypothesis) => hypothesis.id));
  const chosen = new Set(pathTo(search, view().node).map((hypothesis) => hypothesis.id));
  const steps = drawnHypotheses(search, chosen);
  const places = new Map([[0, { x: LEFT - WIDE, y: TOP_SPACE + HIGH / 2 }]]);
  steps.forEach((hypotheses, step) => hypotheses.forEach(({ id }, row) => places.set(id, { x: LEFT + step * STEP, y: TOP_SPACE + row * ROW + HIGH / 2 })));
  const links = steps.flat().map((hypothesis) => link(hypothesis, places, winner, chosen));
  const nodes = steps.flatMap((hypotheses, step) => hypotheses.map((hypothesis, row) => treeNode(hypothesis, step, row, places.get(hypothesis.id), winner, chosen)));
  const heads = steps.map((_, step) => svg("text", { class: "number", x: LEFT + step * STEP + WIDE / 2, y: 14, "text-anchor": "middle", "data-step": step },
    `step ${step + 1}${search.steps[step].is_forced ? ", given" : ""}`));
  const group = svg("g", { role: "tree", "aria-label": "Hypotheses of the search" }, ...nodes);
  const byId = new Map(nodes.map((node) => [Number(node.dataset.node), node]));
  const rows = Math.max(...steps.map((hypotheses) => hypotheses.length));
  rove(group, (item, key) => jumpInTree(item, key, byId));
  return drawing(LEFT + steps.length * STEP, TOP_SPACE + rows * ROW + 4, {}, svg("g", { "aria-hidden": "true" }, ...heads, ...links), group);
}

/** Answer for an arrow: left leads to the parent, right to the best child. */
function jumpInTree(item, key, byId) {
  if (key === "ArrowLeft") return byId.get(Number(item.dataset.parent)) ?? null;
  if (key === "ArrowRight") return [...byId.values()].find((node) => node.dataset.parent === item.dataset.node) ?? null;
  return undefined;
}

function link({ id, parent, state }, places, winner, chosen) {
  const [start, end] = [places.get(parent), places.get(id)];
  if (!start || parent === 0) return null;
  const [x, toX] = [start.x + WIDE, end.x];
  const middle = (x + toX) / 2;
  const kind = `${winner.has(id) ? " winner" : ""}${chosen.has(id) ? " path" : ""}`;
  return svg("path", { class: `link ${state.replace(" ", "-")}${kind}`, d: `M${x} ${start.y} C${middle} ${start.y} ${middle} ${end.y} ${toX} ${end.y}` });
}

function treeNode(hypothesis, step, row, { x, y }, winner, chosen) {
  const { id, parent, token, state, log_probability: total } = hypothesis;
  const kind = `${winner.has(id) ? " winner" : ""}${chosen.has(id) ? " path" : ""}`;
  return svg("g", {
    class: `node ${state.replace(" ", "-")}${kind}`, role: "treeitem", "aria-level": step + 1, "aria-selected": String(id === view().node),
    "data-node": id, "data-parent": parent, "data-key": `node ${id}`, "data-step": winner.has(id) ? step : null,
    ...at(row, step, id === view().node || (view().node === 0 && step === 0 && winner.has(id))), onclick: () => show({ node: id, ...(winner.has(id) ? { step } : {}) }),
    "aria-label": `${spoken(token, LETTERS_IN_NODE)} ${scoreText(total)}, step ${step + 1}, ${winner.has(id) ? "the translation" : state}`,
  },
  svg("rect", { class: "ground", x, y: y - HIGH / 2, width: WIDE, height: HIGH, rx: 6 }),
  tokenText(shorten(token, LETTERS_IN_NODE), { x: x + WIDE / 2, y: y - 2, "text-anchor": "middle" }), " ",
  drawnText(scoreText(total), { class: "number small", x: x + WIDE / 2, y: y + 11, "text-anchor": "middle" }),
  drawnText(SIGNS[state], { class: "sign", x: x + WIDE - 6, y: y + 11, "text-anchor": "end" }));
}

/** Return what there is to say about the chosen hypothesis, and what the search makes of it. */
function describeHypothesis(search) {
  const path = pathTo(search, view().node);
  const hypothesis = path.at(-1);
  if (!hypothesis) return [hint("Choose a hypothesis: its text appears here, and what the search makes of it.")];
  const text = joinTokens(path.map((each) => each.token));
  const ended = search.finished.find((each) => each.id === hypothesis.id);
  const numbers = `Last token ${percent(hypothesis.token_probability)}, log-probability of all tokens ${scoreText(hypothesis.log_probability)}. ${MEANINGS[hypothesis.state]}`;
  const coverage = ended?.coverage ? ` + coverage ${scoreText(ended.coverage)}` : "";
  const score = ended ? ` Score ${scoreText(ended.score)} = log-probability ${scoreText(ended.log_probability)} / length penalty ${scoreText(ended.length_penalty)}${coverage}.` : "";
  return [
    html("p", { class: "hypothesis-text", dir: "auto" }, text || "(no text)"),
    html("p", { class: "facts" }, numbers + score),
    ...followed(search, ended),
    button("Close", () => show({ node: 0 }), { "data-key": "close hypothesis", class: "control" }),
  ];
}

function followed(search, ended) {
  if (ended) return [];
  if (exported || whyFixed()) return [hint(whyFixed())];
  const best = result().followed?.sentences[0].search.finished[0];
  if (!best) return [];
  const winner = search.finished[0];
  const compared = best.score > winner.score ? "higher than" : best.score === winner.score ? "equal to" : "lower than";
  return [
    html("p", { class: "facts" }, "If the search had to go on from here: ", html("bdi", { class: "followed-text" }, quoted(best.text)),
      ` with the score ${scoreText(best.score)}, ${compared} the translation’s ${scoreText(winner.score)}.`),
    button("Go on from here", () => takePath(view().node), { "data-key": "follow", class: "control main" }),
  ];
}

function searchTables(search) {
  const all = search.steps.flatMap((step, index) => step.hypotheses.map((each) => [index, each]));
  const text = (id) => joinTokens(pathTo(search, id).map((each) => each.token));
  const rows = all.filter(([, each]) => each.state !== "pruned").map(([step, each]) =>
    [String(step + 1), text(each.id), percent(each.token_probability), scoreText(each.log_probability), each.state]);
  const pruned = all.filter(([, each]) => each.state === "pruned").map(([step, each]) => [String(step + 1), each.token, percent(each.token_probability), scoreText(each.log_probability)]);
  const finished = search.finished.map((each, index) => [String(index + 1), each.text, scoreText(each.log_probability), scoreText(each.length_penalty), scoreText(each.coverage), scoreText(each.score)]);
  return [
    table("Finished hypotheses, best first", ["Rank", "Text", "Log-probability", "Length penalty", "Coverage", "Score"], finished),
    table("Hypotheses that were kept", ["Step", "Text", "Last token", "Log-probability", "What became of it"], rows),
    table("Hypotheses that were pruned", ["Step", "Last token", "Its probability", "Log-probability"], pruned),
  ];
}
