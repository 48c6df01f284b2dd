// The frame of a panel: its heading, what it shows, its drawing, its table and its buttons.

import { announce, button, html } from "./dom.js";
import { savePanel } from "./save.js";

/**
 * Return a panel: {node, body, setTables}. `body` is where it draws.
 * `setTables(make)`: the tables behind the drawing; they are made when somebody opens them, because some are large.
 */
export function makePanel(id, title, lead) {
  const heading = html("h2", { id: `${id}-title`, tabindex: "-1" }, title);
  const body = html("div", { class: "body" });
  const tables = html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${title}` });
  const details = html("details", { class: "tables" }, html("summary", {}, "The numbers as a table"), tables);
  const node = html("section", { id, class: "panel", "aria-labelledby": `${id}-title` });
  const saver = (kind) => button(kind.toUpperCase(), () => save(kind), { "aria-label": `Save “${title}” as ${kind.toUpperCase()}` });
  const save = (kind) => savePanel(node, `seq2seq-${id}`, kind).then(
    () => announce(`Saved as ${kind.toUpperCase()}.`),
    () => announce("The picture is too large to be saved."),
  );
  const tools = html("div", { class: "tools control" }, html("span", { "aria-hidden": "true" }, "Save:"), saver("svg"), saver("png"));
  node.append(html("div", { class: "head" }, heading, tools), html("p", { class: "lead" }, lead), body, details);
  let make = () => [];
  const fillTables = () => tables.replaceChildren(...(details.open ? make() : []));
  details.addEventListener("toggle", fillTables);
  details.hidden = true;
  const setTables = (maker) => {
    make = maker ?? (() => []);
    details.hidden = !maker;
    fillTables();
  };
  return { node, body, setTables };
}

/** Return a box that scrolls sideways when its drawing is wider than the page. The arrows scroll one without items. */
export function scrolling(child) {
  const hasItems = child.querySelector("[tabindex]") !== null;
  return html("div", { class: "scroll", ...(hasItems ? {} : { tabindex: "0", role: "group", "aria-label": "Drawing" }) }, child);
}

/** Return a line that says something in place of a drawing. */
export function hint(text) {
  return html("p", { class: "hint" }, text);
}
