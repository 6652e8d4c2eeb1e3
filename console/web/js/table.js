// Tables: of figures in their own right, and as the other form of every chart.

import { el, hidden } from "./dom.js";

/**
 * A table. `columns` are `{ label, cell(row), number?, header?, wide? }`; a cell is text or an element. The caption is for
 * screen readers where the heading above says the same. `wide` tables scroll within themselves, never the page.
 */
export const table = ({ caption, columns, rows, rowAttributes = () => ({}), className = "" }) => {
  const cellClass = (column) => [column.number ? "number" : "", column.className ?? ""].join(" ").trim() || null;
  const headings = columns.map((column) =>
    el("th", { scope: "col", class: cellClass(column) }, column.isHidden ? hidden(column.label) : column.label));
  const bodyRow = (row) => el("tr", rowAttributes(row), ...columns.map((column) =>
    el(column.header ? "th" : "td", { scope: column.header ? "row" : null, class: cellClass(column) }, column.cell(row))));
  const whole = el("table", { class: className || null },
    el("caption", { class: "visually-hidden" }, caption),
    el("thead", {}, el("tr", {}, ...headings)),
    el("tbody", {}, ...rows.map(bodyRow)));
  // Focusable, since what scrolls must be reached by the keyboard too.
  return el("div", { class: "table-scroll", role: "region", "aria-label": caption, tabindex: 0, "data-key": `scroll ${caption}` }, whole);
};
