// The sentence, its translation, and both as the tokens that the model reads and writes.

import { exported } from "./api.js";
import { announce, button, choice, html, redraw, table } from "./dom.js";
import { decimals, percent, scoreText, timeText } from "./numbers.js";
import { hint, makePanel } from "./panel.js";
import { at, rove } from "./roving.js";
import { offers, result, translate, whyFixed } from "./session.js";
import { runsRightToLeft, shorten, tokenPlaces } from "./tokens.js";
import { show, view } from "./view.js";

const MOST_LETTERS = 60; // of an example in the list

/** Return the panel. */
export function inputPanel() {
  const panel = makePanel("input", "Sentence and translation", "Type a sentence, or choose one of the test set. The model reads and writes tokens: pieces of words. “▁” begins a word, “</s>” ends the sentence. Choose a token, and the other panels show its step.");
  const form = html("form", { class: "control", onsubmit: (event) => event.preventDefault() });
  const answer = html("div", { class: "answer" }, hint("Loading the models …"));
  panel.body.append(form, answer);
  let drawnForm = "";
  let drawnExamples = "";
  let said = "";
  return {
    node: panel.node,
    draw(busy, error) {
      const formKey = JSON.stringify([view().text, view().reference, view().run, view().beside, view().beam]);
      const examplesKey = JSON.stringify([offers().examples.length, offers().isWaiting]);
      if (formKey !== drawnForm) redraw(form, ...controls());
      else if (examplesKey !== drawnExamples) redraw(form.querySelector(".examples"), exampleChoice());
      [drawnForm, drawnExamples] = [formKey, examplesKey];
      answer.setAttribute("aria-busy", String(busy));
      redraw(answer, error ? html("p", { class: "error", role: "alert" }, error, result() ? " What stands below is the answer before." : "") : null, ...(result() ? translation() : []));
      panel.setTables(result() ? tokenTables : null);
      const text = result() ? result().answer.sentences.map((sentence) => sentence.gates.text).join(" ") : "";
      if (!busy && !error && result() && said !== result().id) {
        announce(`Translation: ${text}. ${timeText(result().answer.milliseconds)}.`);
        said = result().id;
      }
    },
  };
}

/** Return the choice of a sentence of the test set. The sentences come later than the rest of the form. */
function exampleChoice() {
  const { examples, isWaiting } = offers();
  const label = exported ? "Sentence" : "Test set";
  if (examples.length === 0) return isWaiting ? hint("Reading the test set …") : null;
  const pick = (index) => index !== "" && translate({ text: examples[index].source, reference: examples[index].reference ?? "" });
  const chosen = examples.findIndex((example) => example.source === view().text);
  const list = examples.map((example, index) => [String(index), shorten(example.source, MOST_LETTERS)]);
  return choice(label, [["", "choose a sentence …"], ...list], chosen < 0 ? "" : String(chosen), pick);
}

function controls() {
  const { runs, limits } = offers();
  const names = runs.map((run) => [run.name, runTitle(run)]);
  const source = runs.find((run) => run.name === view().run)?.source ?? "source";
  const text = html("textarea", { id: "text", rows: 2, dir: "auto", spellcheck: "false", "data-key": "text" });
  const reference = html("input", { id: "reference", type: "text", dir: "auto", spellcheck: "false", "data-key": "reference" });
  const beam = html("input", { id: "beam-size", type: "number", min: 1, max: limits?.beam_size ?? 50, "data-key": "beam" });
  const own = runs.find((run) => run.name === view().run)?.search.beam_size ?? 5;
  [text.value, reference.value, beam.value] = [view().text, view().reference, view().beam || own];
  const typed = () => ({ text: text.value, reference: reference.value, beam: Number(beam.value) === own ? 0 : Math.max(1, Math.round(Number(beam.value)) || own) });
  const read = (changes = {}) => translate({ ...typed(), ...changes });
  const onEnter = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    read();
  };
  [text, reference, beam].forEach((field) => field.addEventListener("keydown", onEnter));
  const rows = [
    choice("Run", names, view().run, (run) => read({ run, beside: view().beside === run ? "" : view().beside })),
    runs.length > 1 ? choice("Beside it", [["", "no second run"], ...names.filter(([name]) => name !== view().run)], view().beside, (beside) => (text.value === view().text ? show({ beside, reference: reference.value }, true) : read({ beside }))) : null,
    html("div", { class: "examples" }, exampleChoice()),
  ];
  if (exported) return [html("div", { class: "row" }, ...rows), html("p", { class: "hint" }, whyFixed())];
  return [
    html("label", { for: "text" }, `Sentence (${source})`), text,
    html("div", { class: "row" },
      button("Translate", () => read(), { class: "main", "data-key": "translate" }), ...rows,
      html("label", { class: "choice", for: "beam-size" }, html("span", {}, "Beam size"), beam),
      html("label", { class: "choice wide", for: "reference" }, html("span", {}, "Reference, for BLEU and chrF"), reference)),
  ];
}

function runTitle(run) {
  const epoch = run.finished ? "" : `, not finished: epoch ${run.epoch ?? "–"}`;
  return `${run.name} (${run.attends ? "attention" : "no attention"}${epoch})`;
}

function translation() {
  const { answer, sentence, alone } = result();
  const texts = answer.sentences.map((each) => each.gates.text);
  const { gates, search } = sentence;
  const parts = answer.sentences.map((each, index) => [String(index), `${index + 1}: ${shorten(each.source, MOST_LETTERS)}`]);
  const picks = alone ? null : html("div", { class: "row control" },
    choice("Sentence shown below", parts, String(answer.sentences.indexOf(sentence)), (index) => show({ sentence: Number(index), step: 0, from: -1, node: 0, unit: "" })),
    exported ? null : button("Translate it alone", () => translate({ text: sentence.source })));
  const forced = view().forced.length;
  const notes = [
    forced > 0 ? `The first ${forced === 1 ? "token is" : `${forced} tokens are`} given.` : "",
    view().edit ? `At step ${view().edit.step + 1} the model reads with your weights.` : "",
  ].filter(Boolean).join(" ");
  const winner = search?.finished[0];
  const scores = answer.scores ? `, BLEU ${decimals(answer.scores.bleu, 1)}, chrF ${decimals(answer.scores.chrf, 1)} against the reference` : "";
  const numbers = winner ? `, log-probability ${scoreText(winner.log_probability)}, score ${scoreText(winner.score)}` : "";
  return [
    html("p", { class: "translation", dir: "auto", id: "translation" }, texts.join(" ").trim() || "(an empty translation)"),
    html("p", { class: "facts" }, `${timeText(answer.milliseconds)}${numbers}${scores}.`),
    notes ? html("p", { class: "facts forced-note" }, notes) : null,
    picks,
    ...(gates.source_tokens.length === 0 ? [] : [
      chips("Source tokens", gates.source_tokens, (index) => ({ "data-from": index }), (from) => show({ from }), view().from),
      chips("Target tokens", gates.target_tokens, (index) => ({ "data-step": index }), (step) => show({ step }), view().step,
        gates.log_probabilities.map((value) => percent(Math.exp(value)))),
    ]),
  ];
}

/** Return the tokens of a side as one row of buttons. */
function chips(label, tokens, data, onchoose, current, notes = []) {
  const places = tokenPlaces(tokens);
  const forced = label.startsWith("Target") ? view().forced.length : 0;
  const items = tokens.map((token, index) => {
    const given = index < forced ? "given" : notes[index];
    return html("button", {
      type: "button", class: `chip${index < forced ? " given" : ""}`, "data-key": `${label} ${index}`, ...data(index),
      ...at(0, places[index], index === Math.max(current, 0)), "aria-pressed": String(index === current), onclick: () => onchoose(index),
    }, html("bdi", {}, token), notes.length ? html("small", { dir: "ltr" }, given) : null);
  });
  const row = html("div", { class: "chips", role: "toolbar", "aria-label": label, dir: runsRightToLeft(tokens.join("")) ? "rtl" : "ltr" }, ...items);
  return html("div", { class: "chip-row" }, html("span", { class: "chip-label" }, label), rove(row));
}

function tokenTables() {
  const { gates } = result().sentence;
  const rows = gates.target_tokens.map((token, index) => [String(index + 1), token, percent(Math.exp(gates.log_probabilities[index])), scoreText(gates.log_probabilities[index])]);
  return [
    table("Source tokens", ["Place", "Token"], gates.source_tokens.map((token, index) => [String(index + 1), token])),
    table("Target tokens", ["Step", "Token", "Probability", "Log-probability"], rows),
  ];
}
