// A tour of the page in six steps.

import { button, html, redraw } from "./dom.js";
import { show, view } from "./view.js";

const STOPS = [
  { panel: "input", title: "What is a token?", text: "The model does not read letters or words. It reads tokens: pieces of words from a fixed list. “▁” begins a word. A rare word is cut into several tokens. “</s>” says that the sentence ends here." },
  { panel: "gates", title: "What does the encoder remember?", text: "The encoder reads one token after the other. At each one its gates decide what to write, what to keep and what to show. Choose a unit, and see the equations with its numbers." },
  { panel: "alignment", title: "Where does the decoder look?", text: "Before it writes a token, the decoder weighs all source tokens. A thick band is a large weight. The weights of a step sum to 1. A model without attention has one vector for the whole sentence." },
  { panel: "next", title: "Why this token?", text: "At each step the model gives every token of its vocabulary a probability. Here are the twelve largest. Take the second one, and see how the rest of the sentence changes." },
  { panel: "weights", title: "Does the place it looks at matter?", text: "Give all the weight to another source token and apply. If the next token changes, the model has used what it looked at." },
  { panel: "beam", title: "What did the beam throw away?", text: "The search keeps a few hypotheses at each step, and prunes the others for ever. Choose a pruned one: the page shows what would have become of it. Sometimes its score is higher than the translation’s." },
];

/** Return the tour: a box that stands at the bottom of the window while it runs. */
export function tourBox() {
  const node = html("aside", { class: "tour control", "aria-labelledby": "tour-title" });
  node.addEventListener("keydown", (event) => event.key === "Escape" && go(0));
  let drawn = 0;
  return {
    node,
    draw() {
      const step = Math.min(Math.max(view().tour, 0), STOPS.length);
      node.hidden = step === 0;
      if (step === drawn) return;
      drawn = step;
      document.querySelectorAll(".panel.toured").forEach((panel) => panel.classList.remove("toured"));
      if (step === 0) return;
      const stop = STOPS[step - 1];
      const heading = html("h2", { id: "tour-title", tabindex: "-1" }, `${step} of ${STOPS.length}. ${stop.title}`);
      const isLast = step === STOPS.length;
      redraw(node, heading, html("p", {}, stop.text), html("div", { class: "row" },
        button("Back", () => go(step - 1), { disabled: step === 1 }),
        button(isLast ? "End" : "Next", () => go(isLast ? 0 : step + 1), { class: "main" }),
        isLast ? null : button("End the tour", () => go(0))));
      const panel = document.getElementById(stop.panel);
      panel.classList.add("toured");
      const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      panel.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
      heading.focus({ preventScroll: true });
    },
  };
}

/** Go to a step of the tour. 0 ends it, and the focus goes back to its button. */
function go(step) {
  show({ tour: step });
  if (step === 0) document.getElementById("start-tour")?.focus();
}
