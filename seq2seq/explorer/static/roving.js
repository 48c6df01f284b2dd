// One tab stop for many items: Tab enters a grid, the arrows move inside it, Enter and Space click.

/**
 * Make the items of a container one tab stop. Each has data-row and data-column as it stands on the screen.
 * `jump(item, key)` may answer for an arrow: a tree goes to a parent with it. Without an answer the nearest item is next.
 */
export function rove(container, jump = () => undefined) {
  const items = [...container.querySelectorAll("[data-row]")];
  const current = items.find((item) => item.dataset.current !== undefined) ?? items[0];
  items.forEach((item) => item.setAttribute("tabindex", item === current ? "0" : "-1"));
  container.addEventListener("focusin", (event) => {
    const item = event.target.closest("[data-row]");
    if (item) items.forEach((other) => other.setAttribute("tabindex", other === item ? "0" : "-1"));
  });
  container.addEventListener("keydown", (event) => {
    const item = event.target.closest("[data-row]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    if ((event.key === "Enter" || event.key === " ") && item.tagName !== "BUTTON") {
      event.preventDefault();
      item.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      return;
    }
    const next = jump(item, event.key) ?? nearest(items, item, event.key);
    if (next === undefined) return;
    event.preventDefault();
    next?.focus();
    next?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  return container;
}

/** Return the item that a key leads to, null at an edge, or undefined for a key that moves nothing. */
function nearest(items, item, key) {
  const [row, column] = [Number(item.dataset.row), Number(item.dataset.column)];
  const cell = (other) => [Number(other.dataset.row), Number(other.dataset.column)];
  const inRow = items.filter((other) => cell(other)[0] === row).sort((a, b) => cell(a)[1] - cell(b)[1]);
  const at = inRow.indexOf(item);
  if (key === "ArrowLeft") return inRow[at - 1] ?? null;
  if (key === "ArrowRight") return inRow[at + 1] ?? null;
  if (key === "Home") return inRow[0];
  if (key === "End") return inRow[inRow.length - 1];
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
  const sign = key === "ArrowDown" ? 1 : -1;
  const distance = (other) => (cell(other)[0] - row) * sign * 10000 + Math.abs(cell(other)[1] - column);
  const beyond = items.filter((other) => (cell(other)[0] - row) * sign > 0);
  return beyond.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

/** Return the attributes of an item at a place of a grid. */
export function at(row, column, isCurrent = false) {
  return { "data-row": row, "data-column": column, "data-current": isCurrent ? "" : null };
}
