// Mark what belongs together. Every drawing says with data-step and data-from which target and source token an element
// stands for. What the mouse or the keyboard is on is marked in all of them; so is the chosen step and token.

import { view } from "./view.js";

const hearers = [];
const painted = new Map(); // the elements that have a class now, by the class
let marked = {};
let index = null; // elements by their data attribute and its value; null: a drawing is new

/** Call a function with {step, from, node} whenever the mouse or the focus is on something else. */
export function onMark(hearer) {
  hearers.push(hearer);
}

/** Mark an element's token, step and hypothesis everywhere. Without an element, only what is chosen stays marked. */
function mark(element) {
  const { step, from, node } = element?.dataset ?? {};
  if (step === marked.step && from === marked.from && node === marked.node) return;
  marked = { step, from, node };
  paint();
  hearers.forEach((hearer) => hearer(numbers(marked)));
}

function numbers({ step, from, node }) {
  const number = (value) => (value === undefined ? null : Number(value));
  return { step: number(step), from: number(from), node: number(node) };
}

/** Put the classes on what is drawn anew. */
export function repaint() {
  index = null;
  paint();
}

function paint() {
  index ??= indexElements();
  swap("on-step", `step ${marked.step}`);
  swap("on-from", `from ${marked.from}`);
  swap("chosen-step", `step ${view().step}`);
  swap("chosen-from", `from ${view().from}`);
}

function indexElements() {
  const found = new Map();
  for (const name of ["step", "from"]) {
    for (const element of document.querySelectorAll(`[data-${name}]`)) {
      const key = `${name} ${element.getAttribute(`data-${name}`)}`;
      if (!found.has(key)) found.set(key, new Set());
      found.get(key).add(element);
    }
  }
  return found;
}

function swap(name, key) {
  const [before, after] = [painted.get(name) ?? new Set(), index.get(key) ?? new Set()];
  before.forEach((element) => after.has(element) || element.classList.remove(name));
  after.forEach((element) => before.has(element) || element.classList.add(name));
  painted.set(name, after);
}

const markable = (target) => (target instanceof Element ? target.closest("[data-step], [data-from], [data-node]") : null);

/** Begin to listen to the mouse and the focus. */
export function watchMarks() {
  document.addEventListener("pointerover", (event) => mark(markable(event.target)));
  document.addEventListener("focusin", (event) => mark(markable(event.target)));
  document.addEventListener("focusout", () => mark(null));
}
