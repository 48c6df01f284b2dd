// What is on the page: the runs, and the answers for the present view. Panels draw it, and ask for something else here.

import { exported, fetchRuns, inspect } from "./api.js";
import { onView, show, view } from "./view.js";

const UNITS_SHOWN = 8;
const drawers = [];
const hiddenSizes = new Map(); // the units of a run's largest layer, known from its first answer
let catalogue = { runs: [], examples: [], limits: null, isWaiting: true };
let present = null;
let asked = ""; // the key of the last request that did not fail
let running = null;
let failure = "";

/** Return {runs, examples, limits, version, isWaiting}. isWaiting: the examples are still to come. */
export const offers = () => catalogue;

/**
 * Return what is shown, or null before the first answer:
 * run: as in /api/runs; answer: of /api/inspect; sentence: the chosen one of it; alone: whether it is the only one;
 * beside: {run, answer} of the second run, or null; plain: the answer without the edited attention, or null;
 * followed: what the search makes of the chosen hypothesis, or null; id: another one for each other answer.
 */
export const result = () => present;

/** Return why the view cannot be changed by hand, or "" if it can. */
export function whyFixed() {
  if (exported) return "This page is one file: there is no model behind it. Start “seq2seq explore” to change something.";
  if (present && !present.alone) return "Only a text of one sentence can be changed. Translate one of the sentences alone.";
  return "";
}

/** Call `draw(busy, error)` when an answer has come, when the view has changed, and when a request begins or fails. */
export function onResult(draw) {
  drawers.push(draw);
}

/** Ask for the runs, and begin to follow the view. The examples come later; until then a sentence can be typed. */
export async function begin() {
  catalogue = { ...(await fetchRuns(false)), isWaiting: true };
  const names = catalogue.runs.map((run) => run.name);
  const changes = {};
  const isNew = view().run === "" && view().text === "";
  if (!names.includes(view().run)) changes.run = names[0] ?? "";
  if (!names.includes(view().beside)) changes.beside = isNew ? (names[1] ?? "") : "";
  if (exported) Object.assign(changes, { forced: [], edit: null });
  show(changes);
  onView(follow);
  if (view().text !== "") follow();
  else drawAll();
  catalogue = await fetchRuns(true);
  const first = firstSentence();
  if (first && !isTyping()) show(first);
  else drawAll();
}

/** Return whether somebody writes in the sentence's field. */
function isTyping() {
  const field = document.getElementById("text");
  return field !== null && (field === document.activeElement || field.value !== view().text);
}

/** Return the view's change to the shortest of the examples, or null if there is a sentence already. */
function firstSentence() {
  const [shortest] = catalogue.examples.toSorted((one, other) => one.source.length - other.source.length);
  return view().text === "" && shortest ? { text: shortest.source, reference: shortest.reference } : null;
}

const runNamed = (name) => catalogue.runs.find((run) => run.name === name);
const drawAll = () => drawers.forEach((draw) => draw(running !== null, failure));

/** Ask for what the view needs, if it is not there already, and draw. */
async function follow() {
  const now = view();
  const { text, forced, edit, run, beside, beam, reference, first, unit, node, sentence } = now;
  const key = JSON.stringify([text, forced, edit, run, beside, beam, reference, first, unit.split(",")[1], node, sentence]);
  if (key === asked) return drawAll();
  asked = key;
  failure = "";
  running?.abort();
  const own = (running = new AbortController());
  drawAll();
  try {
    const next = await fetchView(now, own.signal);
    if (own !== running) return;
    present = next;
  } catch (error) {
    if (own !== running) return;
    [failure, asked] = [error.message, ""];
  }
  running = null;
  drawAll();
}

async function fetchView(now, signal) {
  const base = request(now, now.run);
  const edited = now.edit ? { ...base, attention: now.edit } : base;
  const other = runNamed(now.beside) ? inspect(request({ ...now, forced: [] }, now.beside), signal) : null;
  const [answer, besideAnswer, plain] = await Promise.all([withUnits(edited, now, signal), other, now.edit ? inspect(base, signal) : null]);
  const sentence = answer.sentences[Math.min(now.sentence, answer.sentences.length - 1)];
  const alone = answer.sentences.length === 1;
  const ids = now.node && alone && !exported ? openPath(sentence.search, now.node) : [];
  const followed = ids.length > 0 ? await inspect({ ...edited, forced: ids }, signal).catch(() => null) : null;
  return {
    run: runNamed(now.run), answer, sentence, alone, plain, followed, id: asked,
    beside: besideAnswer && { run: runNamed(now.beside), answer: besideAnswer },
  };
}

function request(now, run) {
  const body = { run, text: now.text };
  if (now.forced.length > 0) body.forced = now.forced;
  if (now.beam > 0) body.beam_size = now.beam;
  if (now.reference.trim() !== "") body.reference = now.reference;
  return body;
}

/** Ask with the units that the gates need. A model may have fewer: its run says how many, or its first answer. */
async function withUnits(body, now, signal) {
  const units = (most) => {
    const window = Array.from({ length: Math.min(UNITS_SHOWN, most) }, (_, index) => Math.min(now.first, most - 1) + index);
    const open = now.unit === "" ? [] : [Number(now.unit.split(",")[1])];
    return [...new Set([...window, ...open])].filter((unit) => unit < most);
  };
  const { units: known } = runNamed(now.run);
  if (known) hiddenSizes.set(now.run, known);
  if (!hiddenSizes.has(now.run)) {
    const bare = await inspect({ ...body, units: [0] }, signal);
    const sizes = bare.sentences.flatMap((sentence) => sentence.gates.layers.map((layer) => layer.hidden));
    if (sizes.length === 0) return bare;
    hiddenSizes.set(now.run, Math.max(...sizes));
  }
  return await inspect({ ...body, units: units(hiddenSizes.get(now.run)) }, signal);
}

/** Return a hypothesis and those before it, from the first step on. */
export function pathTo(search, id) {
  const byId = new Map(search.steps.flatMap((step) => step.hypotheses.map((hypothesis) => [hypothesis.id, hypothesis])));
  const path = [];
  for (let next = byId.get(id); next; next = byId.get(next.parent)) path.unshift(next);
  return path;
}

/** Return the token ids of a hypothesis that could go on; [] for one that has ended. */
function openPath(search, id) {
  const path = search ? pathTo(search, id) : [];
  return path.at(-1)?.token === "</s>" ? [] : path.map((hypothesis) => hypothesis.token_id);
}

/** Return the token ids of the best translation. */
export const bestIds = () => present.sentence.search.finished[0].token_ids;

/** Return how many units are drawn at once, and how many the largest layer has. */
export const unitWindow = () => ({ shown: UNITS_SHOWN, most: hiddenSizes.get(view().run) ?? 0 });

/** Translate a text, from its beginning and without a change by hand. */
export function translate(changes) {
  show({ forced: [], edit: null, sentence: 0, step: 0, from: -1, node: 0, unit: "", ...changes }, true);
  if (asked === "") follow(); // the same request again, after an error
}

/** Take a token at a step, and let the search go on from there. */
export function takeToken(step, id) {
  const edit = view().edit && view().edit.step <= step ? view().edit : null;
  show({ forced: [...bestIds().slice(0, step), id], edit, step, node: 0 }, true);
}

/** Let the search go on from the chosen hypothesis. */
export function takePath(node) {
  const ids = openPath(present.sentence.search, node);
  show({ forced: ids, step: ids.length - 1, node: 0 }, true);
}

/** Read the source with other weights at a step. The tokens before it stay as they are. */
export function applyWeights(step, weights) {
  show({ forced: bestIds().slice(0, step), edit: { step, weights }, step, node: 0 }, true);
}
