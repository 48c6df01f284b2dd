// The equations of the cells, with the numbers of one unit in them. See seq2seq/model/cells for the same equations in code.

import { html } from "./dom.js";
import { gateText } from "./numbers.js";

const FORGETTING = "f ⊙ c + i ⊙ g";
const LSTM_CANDIDATE = { name: "candidate", left: "g", right: "tanh(W_g x + U_g h + b_g)", says: "candidate: the new content for the cell" };
const LSTM_END = [
  { name: "c", left: "c′", right: FORGETTING, says: "the new memory cell", terms: (v) => [[v.forget, v.before.c], [v.input, v.candidate]] },
  { name: "h", left: "h′", right: "o ⊙ tanh(c′)", says: "the new hidden state", terms: (v) => [[v.output, `tanh(${gateText(v.c)})`]] },
];
const CELLS = {
  LSTMCell: [
    { name: "input", left: "i", right: "σ(W_i x + U_i h + b_i)", says: "input gate: how much of the candidate is written" },
    { name: "forget", left: "f", right: "σ(W_f x + U_f h + b_f)", says: "forget gate: how much of the old cell is kept" },
    LSTM_CANDIDATE,
    { name: "output", left: "o", right: "σ(W_o x + U_o h + b_o)", says: "output gate: how much of the cell is shown" },
    ...LSTM_END,
  ],
  PeepholeLSTMCell: [
    { name: "input", left: "i", right: "σ(W_i x + U_i h + p_i ⊙ c + b_i)", says: "input gate; it sees the old cell" },
    { name: "forget", left: "f", right: "σ(W_f x + U_f h + p_f ⊙ c + b_f)", says: "forget gate; it sees the old cell" },
    LSTM_CANDIDATE,
    { name: "output", left: "o", right: "σ(W_o x + U_o h + p_o ⊙ c′ + b_o)", says: "output gate; it sees the new cell" },
    ...LSTM_END,
  ],
  GRUCell: [
    { name: "reset", left: "r", right: "σ(W_r x + U_r h + b_r)", says: "reset gate: how much of the old state the candidate sees" },
    { name: "update", left: "z", right: "σ(W_z x + U_z h + b_z)", says: "update gate: how much of the old state is kept" },
    { name: "candidate", left: "n", right: "tanh(W_n x + b_n + r ⊙ (U_n h + d_n))", says: "candidate: it replaces the rest of the old state" },
    { name: "h", left: "h′", right: "z ⊙ h + (1 − z) ⊙ n", says: "the new hidden state", terms: (v) => [[v.update, v.before.h], [1 - v.update, v.candidate]] },
  ],
  RNNCell: [{ name: "h", left: "h′", right: "tanh(W x + U h + b)", says: "the new hidden state: it is written anew at every step" }],
};

/**
 * Return a unit's numbers at a token: its gates, its state h and c after the token, and `before`, the state before it.
 * The encoder starts from zeros. What the decoder starts from is not in the record: null.
 */
export function unitNumbers(layer, unit, token) {
  const valuesOf = (quantity) => quantity.units.find((each) => each.unit === unit)?.values;
  const quantities = [...layer.gates, ...layer.states].map((quantity) => [quantity.name, valuesOf(quantity)]);
  if (quantities.some(([, values]) => values === undefined)) return null;
  const earlier = layer.direction === "backward" ? token + 1 : token - 1;
  const start = layer.side === "encoder" ? 0 : null;
  const numbers = Object.fromEntries(quantities.map(([name, values]) => [name, values[token]]));
  numbers.before = Object.fromEntries(layer.states.map(({ name }, index) => [name, quantities[layer.gates.length + index][1][earlier] ?? start]));
  return numbers;
}

/** Return a table with the cell's equations and a unit's numbers, or null for a cell that the page does not know. */
export function equationTable(layer, numbers, caption) {
  const equations = CELLS[layer.cell];
  if (!equations || equations.some(({ name }) => numbers[name] === undefined)) return null;
  const heads = ["Equation", "With its numbers", "Value", "Meaning"].map((head) => html("th", { scope: "col" }, head));
  const rows = [...priorRows(numbers), ...equations.map((equation) => equationRow(equation, numbers))];
  return html("table", { class: "equations" }, html("caption", {}, caption), html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...rows));
}

function priorRows({ before }) {
  return Object.entries(before).map(([name, value]) => {
    const says = value === null ? "the state before the first token: the encoder hands it on, and it is not in the record" : "the state before this token";
    return tableRow(name, "", value === null ? "–" : gateText(value), says);
  });
}

function equationRow({ name, left, right, says, terms }, numbers) {
  const written = terms ? terms(numbers).map((factors) => factors.map(factorText).join(" · ")).join(" + ") : "";
  return tableRow(`${left} = ${right}`, written, gateText(numbers[name]), says);
}

const factorText = (factor) => (typeof factor === "string" ? factor : factor === null ? "?" : factor < 0 ? `(${gateText(factor)})` : gateText(factor));

function tableRow(equation, written, value, says) {
  return html("tr", {}, html("th", { scope: "row", class: "formula" }, ...subscripts(equation)), html("td", { class: "formula" }, written), html("td", { class: "formula value" }, value), html("td", {}, says));
}

/** Return a formula with "_f" as a subscript. */
function subscripts(formula) {
  return formula.split(/(_\w)/).map((part) => (part.startsWith("_") ? html("sub", {}, part.slice(1)) : part));
}

/** Return whether h′ is not what the equations give: then the cell normalises c′ before the output gate. */
export function isNormalised(layer, numbers) {
  if (!("c" in numbers) || !("output" in numbers)) return false;
  return Math.abs(numbers.output * Math.tanh(numbers.c) - numbers.h) > 0.02;
}
