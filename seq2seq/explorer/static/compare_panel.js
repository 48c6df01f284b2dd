// Two runs: the same sentence, side by side, with the differences marked.

import { drawBands } from "./alignment_panel.js";
import { compareTexts } from "./difference.js";
import { html, redraw, table } from "./dom.js";
import { decimals, scoreText, timeText } from "./numbers.js";
import { hint, makePanel, scrolling } from "./panel.js";
import { offers, result } from "./session.js";
import { view } from "./view.js";

/** Return the panel. */
export function comparePanel() {
  const panel = makePanel("compare", "Two runs", "The same sentence, translated by two runs. Words that only one of them has are marked. Type a reference above, and see BLEU and chrF.");
  let drawn = "";
  return {
    node: panel.node,
    draw() {
      if (!result() || drawn === result().id) return;
      drawn = result().id;
      const { run, answer, beside } = result();
      if (!beside) {
        panel.setTables(null);
        const how = offers().runs.length > 1 ? "Choose a second run in the first panel, at “Beside it”." : "Start “seq2seq explore” with two runs to compare them.";
        return redraw(panel.body, hint(how));
      }
      const sides = [{ run, answer, linked: true }, { ...beside, linked: false }];
      const texts = compareTexts(...sides.map((side) => wholeText(side.answer)));
      redraw(panel.body, factTable(sides), html("div", { class: "pair" }, ...sides.map((side, index) => drawSide(side, texts[index]))));
      panel.setTables(() => sides.map(sentenceTable));
    },
  };
}

const wholeText = (answer) => answer.sentences.map((sentence) => sentence.gates.text).join(" ");

/** Return one run's translation and its bands. */
function drawSide({ run, answer, linked }, words) {
  const text = html("p", { class: "translation", dir: "auto" }, ...words.map(({ text: word, differs }) => (differs && word.trim() ? html("mark", {}, word) : word)));
  const sentence = answer.sentences[Math.min(view().sentence, answer.sentences.length - 1)];
  const drawn = sentence.gates.source_tokens.length > 0 ? scrolling(drawBands(sentence, linked)) : null;
  return html("section", { class: "side", "aria-label": run.name }, html("h3", {}, html("bdi", {}, run.name)), text, drawn);
}

function factTable(sides) {
  const total = (answer, read) => answer.sentences.reduce((sum, sentence) => sum + (sentence.search?.finished[0] ? read(sentence.search.finished[0]) : 0), 0);
  const rows = [
    ["Attention", ...sides.map(({ run }) => (run.attends ? "yes" : "no: one vector"))],
    ["Weights", ...sides.map(({ run }) => run.parameters.toLocaleString("en"))],
    ["Time", ...sides.map(({ answer }) => timeText(answer.milliseconds))],
    ["Log-probability", ...sides.map(({ answer }) => scoreText(total(answer, (best) => best.log_probability)))],
    ["Target tokens", ...sides.map(({ answer }) => String(answer.sentences.reduce((sum, sentence) => sum + sentence.gates.target_tokens.length, 0)))],
  ];
  if (sides.every(({ answer }) => answer.scores)) {
    rows.push(["BLEU of the sentence", ...sides.map(({ answer }) => decimals(answer.scores.bleu, 1))]);
    rows.push(["chrF of the sentence", ...sides.map(({ answer }) => decimals(answer.scores.chrf, 1))]);
  }
  return scrolling(table("Both runs", ["Quantity", ...sides.map(({ run }) => run.name)], rows));
}

function sentenceTable({ run, answer }) {
  return table(run.name, ["Sentence", "Translation"], answer.sentences.map((sentence) => [sentence.source, sentence.gates.text]));
}
