// Mark what belongs together. Every drawing says with data-step and data-from which target and source token an element
// stands for. What the mouse or the keyboard is on is marked in all of them; so is the chosen step and token.

import { view } from "./view.js";

const hearers = [];
let marked = {};

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

/** Put the classes on, after a drawing is new or the view has changed. */
export function paint() {
  swap("on-step", marked.step, "data-step");
  swap("on-from", marked.from, "data-from");
  swap("chosen-step", String(view().step), "data-step");
  swap("chosen-from", view().from < 0 ? undefined : String(view().from), "data-from");
}

function swap(name, value, attribute) {
  document.querySelectorAll(`.${name}`).forEach((element) => element.classList.remove(name));
  if (value !== undefined) {
    document.querySelectorAll(`[${attribute}="${value}"]`).forEach((element) => element.classList.add(name));
  }
}

const markable = (target) => (target instanceof Element ? target.closest("[data-step], [data-from], [data-node]") : null);

/** Begin to listen to the mouse and the focus. */
export function watchMarks() {
  document.addEventListener("pointerover", (event) => mark(markable(event.target)));
  document.addEventListener("focusin", (event) => mark(markable(event.target)));
  document.addEventListener("focusout", () => mark(null));
}
