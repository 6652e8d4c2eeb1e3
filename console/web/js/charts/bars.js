// Bars within a table: the figure stands beside its bar, so the chart is its own table.

import { el } from "../dom.js";

/** A bar of a part of the longest one, 0 to 1. What is negative has no bar; its figure says it. */
export const bar = (part, tone = "") => {
  const fill = el("span", { class: `bar-fill ${tone}`.trim() });
  fill.style.setProperty("--part", String(Math.max(0, Math.min(1, Number.isFinite(part) ? part : 0))));
  return el("span", { class: "bar", "aria-hidden": "true" }, fill);
};

/** A figure with its bar below. */
export const barred = (text, part, tone) => el("span", { class: "barred" }, el("span", {}, text), bar(part, tone));
