// A card: a heading, what it shows, and the states that it can be in besides: loading, empty, refused.

import { el, replace } from "./dom.js";
import { table } from "./table.js";

let cards = 0;

/**
 * A card. `show(content)` takes `{ chart, table, note }`: with both a chart and a table, a button changes between them.
 * A chart that keeps itself up to date is given as the same element again.
 */
export const card = ({ title, note = "", className = "" }) => {
  cards += 1;
  const titleId = `card-${cards}`;
  const noteElement = el("p", { class: "card-note" }, note);
  const side = el("div", { class: "card-side" });
  const body = el("div", { class: "card-body" });
  const heading = el("div", {}, el("h2", { id: titleId }, title), noteElement);
  const element = el("section", { class: `card ${className}`.trim(), "aria-labelledby": titleId, "aria-busy": "true" },
    el("div", { class: "card-head" }, heading, side), body);
  let asTable = false;
  let content = null;

  const toggle = el("button", {
    type: "button", class: "quiet-button", "aria-pressed": "false", "aria-label": `Table: ${title}`,
    onclick: () => {
      asTable = !asTable;
      toggle.setAttribute("aria-pressed", String(asTable));
      draw();
    },
  }, "Table");

  const draw = () => {
    const hasBoth = Boolean(content.chart && content.table);
    if (hasBoth && !toggle.isConnected) side.append(toggle);
    if (!hasBoth) toggle.remove();
    const showsTable = content.table && (asTable || !content.chart);
    const shown = showsTable ? table(content.table) : content.chart;
    if (body.children.length === 1 && body.firstElementChild === shown) return;
    replace(body, shown);
  };
  const settle = () => element.setAttribute("aria-busy", "false");

  replace(body, el("div", { class: "skeleton", "aria-hidden": "true" }), el("p", { class: "visually-hidden" }, "Loading…"));
  return {
    element,
    side,
    show: (next) => {
      content = next;
      if (next.note !== undefined) noteElement.textContent = next.note;
      element.classList.remove("is-stale");
      settle();
      draw();
    },
    /** What is not there yet, and what would bring it. */
    empty: (text) => {
      settle();
      toggle.remove();
      replace(body, state("Nothing here yet", text));
    },
    /** A refusal. What was shown before stays, paler, with the sentence below it. */
    refuse: (error, retry) => {
      settle();
      const told = state(content === null ? "This cannot be shown" : "Not up to date", error.detail ?? "Something in this page failed: reload it.", retry);
      if (content === null) {
        replace(body, told);
        return;
      }
      element.classList.add("is-stale");
      body.querySelector(".state")?.remove();
      body.append(told);
    },
  };
};

/** A sentence in the place of figures. */
export const state = (title, text, retry) =>
  el("div", { class: "state" }, el("p", { class: "state-title" }, title), el("p", {}, text),
    retry ? el("button", { type: "button", class: "button", "data-key": "retry", onclick: retry }, "Try again") : null);

/** Fills a card with an answer, or with why there is none. What was given up in favour of a newer question says nothing. */
export const into = async (shown, answer, show, retry) => {
  try {
    show(await answer);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.detail === undefined) console.error(error);
    shown.refuse(error, retry);
  }
};
