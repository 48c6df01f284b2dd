// Tokens as SentencePiece writes them: "▁" begins a word, "</s>" ends the sentence, "<0xE2>" is one byte.

import { drawnText } from "./dom.js";

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const SEGMENTS = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;
const FONT_SIZE = 13; // of text in drawings; see style.css
let measuring = null;

/** Return whether most letters of a text are written from right to left. */
export function runsRightToLeft(text) {
  const letters = [...text].filter((letter) => /\p{L}/u.test(letter));
  return letters.filter((letter) => RIGHT_TO_LEFT.test(letter)).length * 2 > letters.length;
}

/** Return the places of tokens from left to right: place i of the result is where token i stands. */
export function tokenPlaces(tokens) {
  const backwards = runsRightToLeft(tokens.join(""));
  return tokens.map((_, index) => (backwards ? tokens.length - 1 - index : index));
}

/** Return the text of tokens. */
export function joinTokens(tokens) {
  const pieces = tokens.filter((token) => token !== "</s>").join("");
  const whole = pieces.replace(/(?:<0x[0-9A-F]{2}>)+/g, (run) => {
    const bytes = run.match(/[0-9A-F]{2}(?=>)/g).map((byte) => parseInt(byte, 16));
    return new TextDecoder().decode(new Uint8Array(bytes));
  });
  return whole.replaceAll("▁", " ").trim();
}

/** Return the letters of a text as a reader sees them: an emoji with its parts, or a letter with its marks, is one. */
function graphemes(text) {
  return SEGMENTS ? [...SEGMENTS.segment(text)].map((part) => part.segment) : [...text];
}

/** Return a token, cut to so many letters. */
export function shorten(token, most) {
  const letters = graphemes(token);
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : token;
}

/** Return a token for a screen reader: what is drawn of it, and all of it if it was cut. */
export function spoken(token, most) {
  const drawn = shorten(token, most);
  return drawn === token ? token : `${drawn} (${token})`;
}

/** Return the width of a text in a drawing, in pixels. */
export function textWidth(text) {
  if (!measuring) {
    measuring = document.createElement("canvas").getContext("2d");
    measuring.font = `${FONT_SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  }
  return measuring.measureText(text).width;
}

/** Return a token as text of a drawing. Each token is alone in its element, so that directions never mix. */
export function tokenText(token, properties) {
  return drawnText(token, { ...properties, direction: runsRightToLeft(token) ? "rtl" : null, class: "token" });
}

/** Return a token in quotes, for a sentence about it. The invisible characters keep directions apart. */
export function quoted(token) {
  return `“\u2068${token}\u2069”`;
}
