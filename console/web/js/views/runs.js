// Runs: what was asked of the pipeline, what became of it, and the button that asks.

import { follow, list, requestRun } from "../api.js";
import { card, into } from "../card.js";
import { announce, el, replace } from "../dom.js";
import { viewHead } from "../filters.js";
import * as format from "../format.js";

const NONE = "No run has been asked for yet. The pipeline works all the time; a run takes what waits to gold now and says when it has.";
const PAGE = 25;
const UNDER_WAY = ["requested", "running"];

// Only in this page's memory: a token in storage would outlive its use.
let token = null;

const lasted = (run) => {
  if (run.started_at === null || run.ended_at === null) return "–";
  return format.seconds((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000);
};

const SIGNS = { succeeded: "✔", failed: "✘", running: "●", requested: "○" };
const status = (run) => el("span", { class: `run-status run-${run.status}`, "data-status": run.status },
  el("span", { "aria-hidden": "true" }, `${SIGNS[run.status] ?? ""} `), run.status);

const runTable = (rows) => ({ caption: "Runs, newest first", rows,
  rowAttributes: (run) => ({ "data-run": run.run_id }),
  columns: [
    { label: "Run", header: true, cell: (run) => String(run.run_id) },
    { label: "Status", cell: status },
    { label: "Kind", cell: (run) => format.words(run.kind) },
    { label: "Asked for, UTC", cell: (run) => format.moment(run.requested_at) },
    { label: "By", cell: (run) => run.requested_by ?? "–" },
    { label: "Took", number: true, cell: lasted },
    { label: "Records", number: true, cell: (run) => format.count(run.row_count) },
    { label: "Outcome", className: "detail", cell: (run) => run.outcome ?? "" },
  ] });

const tokenDialog = (use) => {
  const input = el("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const dialog = el("dialog", { "aria-labelledby": "token-title" },
    el("form", { method: "dialog", onsubmit: () => { use(input.value); input.value = ""; } },
      el("h2", { id: "token-title" }, "Token"),
      el("p", {}, "Asking for a run needs the console's token: what ASSAY_API_TOKEN was when it was started. It is forgotten when this page is closed."),
      el("label", { class: "field", for: "token" }, el("span", {}, "Token"), input),
      el("div", { class: "dialog-buttons" },
        el("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"),
        el("button", { type: "submit", class: "button primary" }, "Run ETL"))));
  return dialog;
};

/** The view of runs. */
export const runs = () => {
  const head = viewHead("Runs");
  head.about.textContent = "Manual, scheduled and rebuild runs";
  const told = el("p", { class: "run-told", role: "status" });
  const why = el("p", { class: "muted", id: "run-why" });
  const button = el("button", { type: "button", class: "button primary", id: "run-etl", "aria-describedby": "run-why", onclick: () => press() }, "Run ETL");
  replace(head.pickers, button);
  const all = card({ title: "All runs", className: "wide" });
  const dialog = tokenDialog((given) => { token = given; ask(); });
  const element = el("div", { class: "view" }, head.element, el("div", { class: "run-notes" }, told, why), el("div", { class: "grid" }, all.element), dialog);
  let loaded = { items: [], more: null };
  let latest = null;
  let followed = null;

  const press = () => {
    const needsToken = latest?.session?.needs_token && token === null;
    if (needsToken) dialog.showModal();
    else ask();
  };

  const ask = async () => {
    button.disabled = true;
    told.textContent = "Asking for a run…";
    try {
      const run = await requestRun(token);
      followed = run.run_id;
      told.textContent = `Run ${run.run_id} is ${run.status}.`;
      take([run]);
    } catch (error) {
      if (error.status === 401) token = null;
      told.textContent = error.detail ?? "Something in this page failed: reload it.";
    } finally {
      button.disabled = false;
      showButton();
    }
  };

  const showButton = () => {
    const session = latest?.session ?? null;
    const isOff = session !== null && !session.can_write;
    button.disabled = isOff;
    why.textContent = isOff
      ? `${session.why_not.charAt(0).toUpperCase()}${session.why_not.slice(1)}.`
      : "Takes everything that bronze holds now to gold. While a run waits or works, asking again answers with that one.";
  };

  /** Newer knowledge of runs, by number. */
  const take = (newer) => {
    const known = new Map(loaded.items.map((run) => [run.run_id, run]));
    newer.forEach((run) => known.set(run.run_id, run));
    loaded.items = [...known.values()].sort((one, other) => other.run_id - one.run_id);
    draw();
  };

  const draw = () => {
    if (loaded.items.length === 0) return all.empty(NONE);
    all.show({ table: runTable(loaded.items) });
    all.element.querySelector(".card-more")?.remove();
    if (loaded.more === null) return;
    const older = el("button", { type: "button", class: "button", "data-key": "older", onclick: () =>
      into(all, follow(loaded.more, latest.signal), (page) => { loaded.more = page.more; take(page.items); }, latest.retry) }, "Show older ones");
    all.element.append(el("div", { class: "card-more" }, older));
  };

  const tellOfFollowed = () => {
    const run = loaded.items.find(({ run_id: id }) => id === followed);
    if (run === undefined) return;
    const sentence = `Run ${run.run_id} ${UNDER_WAY.includes(run.status) ? "is " : "has "}${run.status}${run.outcome ? `: ${run.outcome}` : "."}`;
    if (told.textContent !== sentence) told.textContent = sentence;
    if (!UNDER_WAY.includes(run.status)) followed = null;
  };

  const refresh = async (context) => {
    latest = context;
    showButton();
    await into(all, list("/runs", { limit: PAGE }, { signal: context.signal }), (page) => {
      // The pages that were loaded below stay; only the first one is news.
      if (loaded.items.length <= PAGE) loaded.more = page.more;
      take(page.items);
      tellOfFollowed();
    }, context.retry);
    if (loaded.items.length === 0 && all.element.getAttribute("aria-busy") === "true") draw();
  };

  return {
    title: "Runs", element, needsCurrencies: false, refresh,
    refuse: (error, retry) => all.refuse(error, retry),
    live: (context) => {
      latest = context;
      showButton();
      const run = context.live.status?.run ?? null;
      const known = loaded.items.find(({ run_id: id }) => id === run?.run_id);
      if (run === null || JSON.stringify(known) === JSON.stringify(run)) return;
      take([run]);
      if (known !== undefined && known.status !== run.status && run.run_id !== followed) announce(`Run ${run.run_id} ${run.status}`);
      tellOfFollowed();
    },
    stampOf: (live) => (live === null ? null : JSON.stringify(live.run)),
  };
};
