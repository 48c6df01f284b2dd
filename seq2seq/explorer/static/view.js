// What the page shows, as one record. It stands in the address after "#", so that a view can be sent.

const START = {
  run: "", // the run's name
  beside: "", // a second run's name
  text: "", // what is translated
  reference: "", // a translation to compare with
  beam: 0, // beam size; 0: the run's own
  forced: [], // ids of the target tokens that the translation must begin with
  edit: null, // edited attention: {step, weights}
  sentence: 0, // which sentence of a text with several
  step: 0, // the chosen step, counted from 0
  from: -1, // the chosen source token; -1: none
  node: 0, // the chosen hypothesis of the beam; 0: none
  pruned: 5, // how many pruned hypotheses are drawn at each step
  first: 0, // the first unit that is drawn
  quantity: "", // the gate or state of the units
  unit: "", // the unit whose equations are open: "layer index,unit,token"
  tour: 0, // the step of the tour; 0: closed
  colours: "", // "light", "dark", or as the system
};

const listeners = [];
const isWhole = (value) => /^-?\d{1,9}$/.test(value);
let shown = read();
let place = history.state?.place ?? 0; // of this entry in the browser's history, counted from the page's first one
let last = place; // the newest entry

/** Return what the page shows now. Nobody changes the record. */
export const view = () => shown;

/** Call a function whenever the view has changed. */
export function onView(listener) {
  listeners.push(listener);
}

/** Change the view. `pushes`: it becomes a new entry in the history, so that "back" returns to the view before. */
export function show(changes, pushes = false) {
  const next = { ...shown, ...changes };
  if (JSON.stringify(next) === JSON.stringify(shown)) return;
  shown = next;
  if (pushes) last = place += 1;
  history[pushes ? "pushState" : "replaceState"]({ place }, "", `#${write(shown)}`);
  listeners.forEach((listener) => listener());
}

/** Return whether there is a view before this one and after it. */
export const historyPlaces = () => ({ hasBefore: place > 0, hasAfter: place < last });

/** Return the part of the address for a view. Values that are as at the start are left out. */
function write(record) {
  const parts = new URLSearchParams();
  for (const [name, start] of Object.entries(START)) {
    const value = record[name];
    if (JSON.stringify(value) === JSON.stringify(start)) continue;
    if (name === "edit") parts.set(name, `${value.step}:${value.weights.map((weight) => +weight.toFixed(6)).join(",")}`);
    else parts.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  return parts.toString();
}

/** Return the view of the address. What is no value of its kind is left out: anybody can write an address. */
function read() {
  const record = { ...START };
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (!Object.hasOwn(START, name)) continue;
    if (name === "edit") record.edit = readEdit(value);
    else if (name === "forced") record.forced = value.split(",").filter(isWhole).map(Number);
    else if (typeof START[name] === "string") record[name] = value;
    else if (isWhole(value)) record[name] = Number(value);
  }
  return record;
}

function readEdit(value) {
  const [step, list] = value.split(":");
  const weights = (list ?? "").split(",").map(Number);
  const isEdit = isWhole(step) && weights.length > 0 && weights.every((weight) => Number.isFinite(weight) && weight >= 0);
  return isEdit ? { step: Number(step), weights } : null;
}

addEventListener("popstate", (event) => {
  place = event.state?.place ?? (last = place + 1); // an address that was typed over this one is a new entry
  if (!event.state) history.replaceState({ place }, "");
  shown = read();
  listeners.forEach((listener) => listener());
});
