// Ask the server, or look into what an exported page holds.

const MOST_KEPT = 60;
const kept = new Map(); // answers by their request
const holder = document.getElementById("exported");

/** What an exported page holds, or null on a live page. */
export const exported = holder ? JSON.parse(holder.textContent) : null;

/** Return the runs, the examples and the limits. The server needs seconds to read the examples: `waits` for them. */
export async function fetchRuns(waits) {
  if (!exported) return await call(waits ? "api/runs" : "api/runs?examples=false");
  const texts = [...new Set(exported.answers.map((answer) => answer.text))];
  const examples = texts.map((source) => ({ source, reference: "" }));
  return { runs: exported.runs, examples, limits: null, version: exported.version ?? "" };
}

/** Return what a model does with a text: the answer of /api/inspect. The last answers are kept. */
export async function inspect(request, signal) {
  if (exported) return findExported(request);
  const key = JSON.stringify(request);
  if (!kept.has(key)) {
    const answer = await call("api/inspect", { method: "POST", headers: { "Content-Type": "application/json" }, body: key, signal });
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value);
    kept.set(key, answer);
  }
  return kept.get(key);
}

function findExported({ run, text }) {
  const found = exported.answers.find((answer) => answer.run === run && answer.text === text);
  if (!found) throw new Error("This file does not hold this sentence. Start “seq2seq explore” to translate others.");
  return found.answer;
}

async function call(address, options = {}) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. Is “seq2seq explore” still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The server answered with an error (${response.status}).`);
  return body;
}
