// Branches: the translations that were tried for this sentence. Back and forward go through them.

import { exported } from "./api.js";
import { button, html, redraw } from "./dom.js";
import { scoreText } from "./numbers.js";
import { hint } from "./panel.js";
import { result } from "./session.js";
import { quoted } from "./tokens.js";
import { historyPlaces, show, view } from "./view.js";

const branches = new Map(); // by what was changed by hand
let currentKey = "";

const branchKey = () => JSON.stringify([view().run, view().text, view().beam, view().forced, view().edit]);
const rootKey = () => JSON.stringify([view().run, view().text, view().beam, [], null]);

/** Return the list, which stands in the panel of the next token. */
export function branchList() {
  const node = html("div", { class: "branches control", role: "group", "aria-label": "Branches" });
  let drawn = "";
  return {
    node,
    draw(busy) {
      node.hidden = exported !== null;
      if (!result() || busy || exported) return;
      remember();
      const { hasBefore, hasAfter } = historyPlaces();
      const key = JSON.stringify([currentKey, branches.size, hasBefore, hasAfter, result().id]);
      if (key === drawn) return;
      drawn = key;
      redraw(node,
        html("div", { class: "row" }, html("strong", {}, "Branches"),
          button("Back", () => history.back(), { disabled: !hasBefore, "data-key": "back" }),
          button("Forward", () => history.forward(), { disabled: !hasAfter, "data-key": "forward" })),
        tree(rootKey(), 0) ?? hint("Take another token, and the branches are kept here."));
    },
  };
}

/** Keep the present translation as a branch of the one before. */
function remember() {
  const key = branchKey();
  if (!branches.has(key)) {
    const parent = key === rootKey() ? "" : branches.has(currentKey) && sameSentence(currentKey) ? currentKey : rootKey();
    branches.set(key, { parent, view: view(), label: branchLabel(), text: result().sentence.gates.text, score: result().sentence.search?.finished[0]?.score });
    if (parent && !branches.has(parent)) branches.set(parent, { parent: "", view: { ...view(), forced: [], edit: null }, label: "as the model translates", text: "", score: null });
  }
  currentKey = key;
}

const sameSentence = (key) => JSON.stringify(JSON.parse(key).slice(0, 3)) === JSON.stringify(JSON.parse(branchKey()).slice(0, 3));

function branchLabel() {
  const { forced, edit } = view();
  if (edit) return `step ${edit.step + 1} with your weights`;
  if (forced.length === 0) return "as the model translates";
  return `step ${forced.length}: ${quoted(result().sentence.gates.target_tokens[forced.length - 1])}`;
}

/** Return a branch and those that grow from it, as a list. */
function tree(key, depth) {
  const branch = branches.get(key);
  if (!branch) return null;
  const children = [...branches].filter(([, other]) => other.parent === key).map(([child]) => tree(child, depth + 1));
  const { run, text, beam, forced, edit, step } = branch.view;
  const score = branch.score === null || branch.score === undefined ? "" : ` ${scoreText(branch.score)}`;
  const item = button("", () => show({ run, text, beam, forced, edit, step, node: 0 }, true), { "aria-current": key === currentKey ? "true" : null, "data-key": `branch ${key}` });
  item.append(html("span", { class: "branch-name" }, branch.label), html("bdi", { class: "branch-text" }, branch.text), html("small", {}, score));
  const list = html("ul", {}, html("li", {}, item, ...children));
  return list;
}

/** Go back to the translation before the weights were changed. */
export function resetWeights() {
  const parent = branches.get(branches.get(branchKey())?.parent);
  show({ forced: parent?.view.forced ?? view().forced, edit: parent?.view.edit ?? null, node: 0 }, true);
}
