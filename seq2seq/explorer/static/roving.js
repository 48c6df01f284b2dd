// One tab stop for many items: Tab enters a grid, the arrows move inside it, Enter and Space click.

const FAR = 100000; // a row is farther than any column

/**
 * Make the items of a container one tab stop. Each has data-row and data-column as it stands on the screen.
 * `jump(item, key)` may answer for an arrow: a tree goes to a parent with it. Without an answer the nearest item is next.
 */
export function rove(container, jump = () => undefined) {
  const items = [...container.querySelectorAll("[data-row]")];
  const places = items.map((item) => ({ item, row: Number(item.dataset.row), column: Number(item.dataset.column) }));
  let stop = items.find((item) => item.dataset.current !== undefined) ?? items[0];
  items.forEach((item) => item.setAttribute("tabindex", item === stop ? "0" : "-1"));
  container.addEventListener("focusin", (event) => {
    const item = event.target.closest("[data-row]");
    if (!item || item === stop) return;
    stop.setAttribute("tabindex", "-1");
    item.setAttribute("tabindex", "0");
    stop = item;
  });
  container.addEventListener("keydown", (event) => {
    const item = event.target.closest("[data-row]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    if ((event.key === "Enter" || event.key === " ") && item.tagName !== "BUTTON") {
      event.preventDefault();
      item.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      return;
    }
    const next = jump(item, event.key) ?? neighbour(places, item, event.key);
    if (next === undefined) return;
    event.preventDefault();
    next?.focus();
    next?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  return container;
}

/** Return the item that a key leads to, null at an edge, or undefined for a key that moves nothing. */
function neighbour(places, item, key) {
  const { row, column } = places.find((place) => place.item === item);
  const inRow = places.filter((place) => place.row === row);
  const ways = {
    ArrowLeft: [inRow.filter((place) => place.column < column), (place) => column - place.column],
    ArrowRight: [inRow.filter((place) => place.column > column), (place) => place.column - column],
    Home: [inRow, (place) => place.column],
    End: [inRow, (place) => -place.column],
    ArrowUp: [places.filter((place) => place.row < row), (place) => (row - place.row) * FAR + Math.abs(place.column - column)],
    ArrowDown: [places.filter((place) => place.row > row), (place) => (place.row - row) * FAR + Math.abs(place.column - column)],
  };
  if (!Object.hasOwn(ways, key)) return undefined;
  const [candidates, distance] = ways[key];
  return candidates.reduce((best, place) => (best === null || distance(place) < distance(best) ? place : best), null)?.item ?? null;
}

/** Return the attributes of an item at a place of a grid. */
export function at(row, column, isCurrent = false) {
  return { "data-row": row, "data-column": column, "data-current": isCurrent ? "" : null };
}
