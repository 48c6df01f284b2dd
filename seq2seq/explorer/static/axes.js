// Tokens along the edges of drawings.

import { svg } from "./dom.js";
import { shorten, textWidth, tokenText } from "./tokens.js";

const LETTERS = 14;
const SLOPE = Math.SQRT1_2; // the labels of columns stand at 45 degrees

/** Return how high the slanted labels of columns are. */
export function headsHeight(tokens) {
  return Math.ceil(Math.max(...tokens.map((token) => textWidth(shorten(token, LETTERS))), 10) * SLOPE) + 14;
}

/** Return slanted labels. `x(index)`: the middle of a column; `name`: the data attribute that marks what belongs together. */
export function columnHeads(tokens, x, y, name) {
  return tokens.map((token, index) => {
    const place = `translate(${x(index) + 3} ${y - 5}) rotate(-45)`;
    const label = shorten(token, LETTERS);
    const middle = textWidth(label) / 2; // of the text: "start" is at the right in a script that runs to the left
    return svg("g", { transform: place, [name]: index }, tokenText(label, { x: middle, "text-anchor": "middle" }));
  });
}

/** Return labels to the left of rows, which end at x. `y(index)`: the middle of a row. */
export function rowHeads(tokens, x, y, name) {
  return tokens.map((token, index) => {
    const label = shorten(token, LETTERS);
    return tokenText(label, { x: x - textWidth(label) / 2, y: y(index) + 4, "text-anchor": "middle", [name]: index });
  });
}

/** Return how wide the labels of rows are. */
export function rowHeadsWidth(tokens) {
  return Math.ceil(Math.max(...tokens.map((token) => textWidth(shorten(token, LETTERS))), 10)) + 10;
}
