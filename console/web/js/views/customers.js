// Customers: who they are by what they bought, and whether they come back.

import { list } from "../api.js";
import { card, into } from "../card.js";
import { barred } from "../charts/bars.js";
import { step } from "../charts/heat.js";
import { el, replace } from "../dom.js";
import { currencyPicker, viewHead } from "../filters.js";
import * as format from "../format.js";

const NONE = "No known customers have bought in this currency yet. Guests are not counted here. Choose another currency, or let the shop run on.";
const SEGMENTS = {
  champions: "bought lately, often and for much", loyal: "come back often", new: "one order, lately", promising: "two orders, lately",
  needs_attention: "few orders, a while ago", cannot_lose: "the best ones of before, long gone", at_risk: "came often, not lately",
  hibernating: "one order, long ago", lost: "few orders, longest ago",
};
const MOST_COHORTS = 24;
// A cohort of a month has at most as many cells as there are months; twelve pages hold over ten years of cohorts.
const MOST_PAGES = 12;

const showSegments = (shown, { items }, { currency }) => {
  if (items.length === 0) return shown.empty(NONE);
  const most = Math.max(...items.map((row) => row.customers));
  const share = (text) => (text === null ? "–" : format.percent(Number(text)));
  shown.show({ table: { caption: "Customers by segment", rows: items, columns: [
    { label: "Segment", header: true, className: "name", cell: (row) =>
      el("span", {}, el("span", { class: "name-first" }, format.words(row.segment)), el("span", { class: "name-second" }, SEGMENTS[row.segment] ?? "")) },
    { label: "Customers", number: true, className: "with-bar", cell: (row) => barred(format.count(row.customers), row.customers / most) },
    { label: "Share", number: true, cell: (row) => share(row.share_of_customers) },
    { label: "Orders", number: true, cell: (row) => format.count(row.orders) },
    { label: "Revenue, net", number: true, cell: (row) => format.wholeMoney(row.net_amount, currency) },
    { label: "Share of revenue", number: true, cell: (row) => share(row.share_of_net_amount) },
  ] } });
};

/** The newest cohorts, each with its cells by months since. */
export const cohortRows = (items) => {
  const cohorts = new Map();
  for (const cell of items) {
    if (!cohorts.has(cell.cohort_month)) cohorts.set(cell.cohort_month, { month: cell.cohort_month, customers: cell.cohort_customers, cells: [] });
    cohorts.get(cell.cohort_month).cells[cell.months_since] = cell;
  }
  return [...cohorts.values()].slice(-MOST_COHORTS);
};

const cohortCell = (cell, currency) => {
  if (cell === undefined) return "";
  const part = Number(cell.retention);
  const told = `${format.count(cell.customers)} customers, ${format.wholeMoney(cell.net_amount, currency)}`;
  // Month 0 is everybody; shades that began there would leave the others all alike.
  const shade = cell.months_since === 0 ? "heat-base" : `heat-${step(part, 0.6)}`;
  return el("span", { class: `cohort ${shade}`, title: told }, format.percent(part, 0));
};

const showCohorts = (shown, { items }, { currency }) => {
  if (items.length === 0) return shown.empty(NONE);
  const rows = cohortRows(items);
  const months = Math.max(...rows.map((row) => row.cells.length));
  shown.show({ table: { caption: "Customers who bought again, by month of their first order", className: "cohorts", rows, columns: [
    { label: "First order", header: true, cell: (row) => format.month(row.month) },
    { label: "Customers", number: true, cell: (row) => format.count(row.customers) },
    ...Array.from({ length: months }, (_, since) => ({ label: since === 0 ? "Same month" : `+${since}`, className: "cohort-place", cell: (row) => cohortCell(row.cells[since], currency) })),
  ] } });
};

/** The view of customers. */
export const customers = () => {
  const head = viewHead("Customers");
  const segments = card({ title: "Segments", note: "By how lately, how often and for how much they bought, all time", className: "wide" });
  const cohorts = card({ title: "Cohorts", note: "Of those who first bought in a month: how many bought again so many months later", className: "wide" });
  const element = el("div", { class: "view" }, head.element, el("div", { class: "grid" }, segments.element, cohorts.element));

  const refresh = async (context) => {
    const { currency, signal, retry } = context;
    if (currency !== null) replace(head.pickers, currencyPicker(context));
    head.about.textContent = currency === null ? "" : `Known customers who paid in ${currency}`;
    if (currency === null) {
      segments.empty(NONE);
      cohorts.empty(NONE);
      return;
    }
    await Promise.all([
      into(segments, list("/customers/segments", { currency }, { signal }), (found) => showSegments(segments, found, context), retry),
      into(cohorts, list("/cohorts", { currency, limit: 1000 }, { signal, pages: MOST_PAGES }), (found) => showCohorts(cohorts, found, context), retry),
    ]);
  };

  return {
    title: "Customers", element, needsCurrencies: true, refresh,
    refuse: (error, retry) => [segments, cohorts].forEach((shown) => shown.refuse(error, retry)),
    stampOf: (told) => told?.status.gold ?? null,
  };
};
