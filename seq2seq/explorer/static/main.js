// Build the page from its panels, and draw them when an answer has come or the view has changed.

import { alignmentPanel } from "./alignment_panel.js";
import { beamPanel } from "./beam_panel.js";
import { branchList } from "./branches_panel.js";
import { comparePanel } from "./compare_panel.js";
import { button, choice, html, redraw } from "./dom.js";
import { gatesPanel } from "./gates_panel.js";
import { inputPanel } from "./input_panel.js";
import { repaint, watchMarks } from "./marks.js";
import { nextPanel } from "./next_panel.js";
import { begin, offers, onResult, result } from "./session.js";
import { tourBox } from "./tour.js";
import { show, view } from "./view.js";
import { weightsPanel } from "./weights_panel.js";

const COLOURS = [["", "as the system"], ["light", "light"], ["dark", "dark"]];

function topLine() {
  return [
    html("h1", {}, "seq2seq explore"),
    html("p", { class: "lead" }, "One translation, from the tokens to the search."),
    html("div", { class: "row control" },
      button("Take the tour", () => show({ tour: 1 }), { id: "start-tour" }),
      choice("Colours", COLOURS, view().colours, (colours) => show({ colours }))),
  ];
}

function bottomLine() {
  const run = result()?.run;
  if (!run) return [];
  const epoch = run.epoch === null ? "" : `, epoch ${run.epoch}`;
  const cells = `encoder ${run.cell.encoder}, decoder ${run.cell.decoder}`;
  return [html("p", {}, html("bdi", {}, run.path), `: ${run.source} → ${run.target}, ${cells}, ${run.parameters.toLocaleString("en")} weights${epoch}. seq2seq ${offers().version ?? ""}`)];
}

function start() {
  const panels = document.getElementById("panels");
  const next = nextPanel();
  const branches = branchList();
  const drawn = [inputPanel(), alignmentPanel(), next, weightsPanel(), beamPanel(), gatesPanel(), comparePanel()];
  next.node.append(branches.node);
  const tour = tourBox();
  panels.replaceChildren(...drawn.map((panel) => panel.node));
  document.body.append(tour.node);
  redraw(document.getElementById("top"), ...topLine());
  const draw = (busy, error) => {
    document.documentElement.dataset.colours = view().colours;
    for (const part of [...drawn, branches, tour]) part.draw(busy, error);
    redraw(document.getElementById("bottom"), ...bottomLine());
    repaint();
  };
  watchMarks();
  onResult(draw);
  begin().catch((error) => draw(false, error.message));
}

start();
