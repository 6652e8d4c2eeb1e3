// Sales: how much, through which channel, of what, when and where.

import { get, list } from "../api.js";
import { card, into, state } from "../card.js";
import { barred } from "../charts/bars.js";
import { dayName, hourName, weekHeat } from "../charts/heat.js";
import { lineChart } from "../charts/lines.js";
import { cents, change, drawn, fromCents, ratio } from "../decimal.js";
import { el, hidden, replace } from "../dom.js";
import { currencyPicker, periodPicker, viewHead } from "../filters.js";
import * as format from "../format.js";
import { bucket, buckets, daysBetween, grain } from "../period.js";

const CHANNELS = [["web", "Web"], ["mobile", "Mobile"], ["in_store", "In store"], ["import", "Import"]];
// Seven years of four channels. Beyond that the chart begins later, and says so.
const MOST_PAGES = 10;
const NO_SALES = "No sales in these days. Choose a longer time, or another currency.";
const NO_SALES_AT_ALL = "Start a shop with “make demo” or “producer run”, or take in a file with “producer import”. What is on its way shows in the Pipeline view; this page fills by itself.";

const keyFigure = (name) => {
  const value = el("dd", { class: "figure-value", "data-figure": name });
  const below = el("dd", { class: "figure-change" });
  return { value, below };
};

const changeText = (part, days) => {
  const against = `the ${days === 1 ? "day" : `${days} days`} before`;
  if (part === null) return [el("span", { class: "muted" }, days === null ? "of all time" : `nothing to compare with in ${against}`)];
  const tone = part > 0 ? "good" : part < 0 ? "bad" : "muted";
  const sign = part > 0 ? "▲" : part < 0 ? "▼" : "＝";
  return [el("span", { class: `change ${tone}` }, el("span", { "aria-hidden": "true" }, `${sign} `), hidden(part < 0 ? "down " : "up "),
    format.percent(Math.abs(part))), el("span", { class: "muted" }, ` on ${against}`)];
};

const keyFigures = () => {
  const figures = { revenue: keyFigure("revenue"), orders: keyFigure("orders"), ticket: keyFigure("ticket"), margin: keyFigure("margin") };
  const labels = { revenue: "Revenue, net", orders: "Orders", ticket: "Average ticket", margin: "Margin" };
  const element = el("dl", { class: "figures", "aria-busy": "true" }, ...Object.entries(figures).map(([name, { value, below }]) =>
    el("div", { class: "figure" }, el("dt", {}, labels[name]), value, below)));
  const show = (totals, currency, days) => {
    const set = (name, value, part, more = []) => {
      figures[name].value.textContent = value;
      replace(figures[name].below, ...changeText(part, days), ...more);
    };
    const before = totals === undefined || days === null ? {} : totals;
    set("revenue", format.wholeMoney(totals?.net_amount, currency), change(totals?.net_amount, before.previous_net_amount));
    figures.revenue.value.title = format.money(totals?.net_amount, currency);
    set("orders", format.count(totals?.orders ?? 0), change(totals?.orders, before.previous_orders));
    set("ticket", format.money(totals?.average_ticket, currency), change(totals?.average_ticket, before.previous_average_ticket));
    const rate = totals === undefined ? null : ratio(totals.margin_amount, totals.net_amount);
    set("margin", format.wholeMoney(totals?.margin_amount, currency), change(totals?.margin_amount, before.previous_margin_amount),
      rate === null ? [] : [el("br"), el("span", { class: "muted" }, `${format.percent(rate)} of revenue`)]);
    figures.margin.value.title = format.money(totals?.margin_amount, currency);
    element.setAttribute("aria-busy", "false");
  };
  return { element, show };
};

const BUCKET_NAMES = { day: (day) => format.weekDay(day), week: (day) => `Week from ${format.shortDay(day)}`, month: format.month };

/** Net revenue by bucket and channel: `{ keys, sums: Map(channel → hundredths by bucket), used }`. */
export const byChannel = (rows, from, to) => {
  const by = grain(daysBetween(from, to));
  const keys = buckets(from, to, by);
  const place = new Map(keys.map((key, index) => [key, index]));
  const sums = new Map();
  for (const row of rows) {
    if (!sums.has(row.channel)) sums.set(row.channel, keys.map(() => 0n));
    const at = place.get(bucket(row.sales_date, by));
    if (at !== undefined) sums.get(row.channel)[at] += cents(row.net_amount);
  }
  return { by, keys, sums };
};

const channelChart = (channels, by, currency) => lineChart({
  series: channels.map(([code, label]) => ({ label, token: `--channel-${code.replace("_", "-")}` })),
  formatTime: (seconds) => BUCKET_NAMES[by](new Date(seconds * 1000)),
  formatValue: (value) => format.wholeMoney(value, currency),
  formatAxis: (value) => format.shortMoney(value, currency),
  formatTick: (seconds) => (by === "month" ? format.month : format.shortDay)(new Date(seconds * 1000)),
});

const revenueCard = () => {
  const shown = card({ title: "Revenue by channel", className: "wide" });
  let chart = null;
  let chartKind = null;
  const show = ({ items, more }, context) => {
    if (items.length === 0) return shown.empty(NO_SALES);
    const { currency } = context;
    const from = context.days.from ?? items[0].sales_date;
    const to = context.days.to ?? items.at(-1).sales_date;
    const { by, keys, sums } = byChannel(items, from, to);
    const channels = CHANNELS.filter(([code]) => sums.has(code));
    const kind = [by, currency, ...channels].join();
    if (kind !== chartKind) {
      chart?.destroy();
      chart = channelChart(channels, by, currency);
      chartKind = kind;
    }
    const lines = channels.map(([code]) => sums.get(code).map(drawn));
    const totals = channels.map(([code, label]) => [label, sums.get(code).reduce((sum, part) => sum + part, 0n)]);
    const told = totals.map(([label, sum]) => `${label} ${format.wholeMoney(fromCents(sum), currency)}`).join(", ");
    chart.set([keys.map((key) => Date.parse(key) / 1000), ...lines], `Line chart of net revenue by ${by} and channel. In all: ${told}.`,
      `In all: ${told.replaceAll(", ", " · ")}`);
    const table = {
      caption: `Net revenue by ${by} and channel`,
      columns: [{ label: by === "day" ? "Day" : `${format.words(by)} from`, header: true, cell: (row) => format.day(row.key) },
        ...channels.map(([code, label]) => ({ label, number: true, cell: (row) => format.money(fromCents(sums.get(code)[row.at]), currency) }))],
      rows: keys.map((key, at) => ({ key, at })).reverse(),
    };
    const cut = more === null ? "" : `; shown up to ${format.day(items.at(-1).sales_date)}, choose fewer days for the rest`;
    shown.show({ chart: chart.element, table, note: `Net of returns and cancellations, by ${by}${cut}` });
  };
  return { ...shown, show, close: () => chart?.destroy() };
};

const marginOf = (row) => {
  const part = ratio(row.margin_amount, row.revenue_amount);
  return part === null ? "–" : format.percent(part);
};

const rankedTable = (caption, nameColumn, rows, amount, more, currency) => {
  const most = Math.max(...rows.map((row) => drawn(cents(amount(row)))));
  return { table: { caption, rows, columns: [nameColumn,
    { label: "Revenue", number: true, className: "with-bar", cell: (row) => barred(format.wholeMoney(amount(row), currency), drawn(cents(amount(row))) / most) },
    ...more] } };
};

const showProducts = (shown, { items }, { currency }) => {
  if (items.length === 0) return shown.empty(NO_SALES);
  const name = { label: "Product", header: true, className: "name", cell: (row) =>
    el("span", {}, el("span", { class: "name-first" }, row.product_name), el("span", { class: "name-second" }, row.category)) };
  shown.show(rankedTable("Top products by revenue", name, items, (row) => row.revenue_amount, [
    { label: "Pieces", number: true, className: "wide-only", cell: (row) => format.count(row.quantity) },
    { label: "Margin", number: true, cell: marginOf }], currency));
};

const showCategories = (shown, { items }, { currency }) => {
  if (items.length === 0) return shown.empty(NO_SALES);
  const name = { label: "Category", header: true, className: "name", cell: (row) => row.category };
  shown.show(rankedTable("Revenue by category", name, items.slice(0, 12), (row) => row.revenue_amount, [
    { label: "Margin", number: true, cell: marginOf }], currency));
};

const showCountries = (shown, { items }, { currency }) => {
  if (items.length === 0) return shown.empty(NO_SALES);
  const name = { label: "Country", header: true, className: "name", cell: (row) => format.country(row.country) };
  shown.show(rankedTable("Net revenue by country", name, items.slice(0, 12), (row) => row.net_amount, [
    { label: "Orders", number: true, cell: (row) => format.count(row.orders) }], currency));
};

const showHours = (shown, { items }, { currency }) => {
  if (items.length === 0) return shown.empty(NO_SALES);
  const cells = new Map(items.map((row) => [`${row.weekday} ${row.hour}`, row]));
  const at = (weekday, hour) => cells.get(`${weekday} ${hour}`);
  const busiest = items.reduce((most, row) => (row.orders > most.orders ? row : most));
  const tell = (weekday, hour) =>
    `${dayName(weekday)} ${hourName(hour)}: ${format.count(at(weekday, hour)?.orders ?? 0)} orders, ${format.wholeMoney(at(weekday, hour)?.net_amount ?? "0", currency)}`;
  const chart = weekHeat({
    valueOf: (weekday, hour) => at(weekday, hour)?.orders ?? 0,
    tell, legend: ["fewer", "more orders"],
    summary: `Busiest: ${tell(busiest.weekday, busiest.hour)}`,
  });
  const table = { caption: "Orders by weekday and hour", rows: [1, 2, 3, 4, 5, 6, 7], columns: [
    { label: "Day", header: true, cell: dayName },
    ...Array.from({ length: 24 }, (_, hour) => ({ label: hourName(hour).slice(0, 2), number: true, cell: (weekday) => format.count(at(weekday, hour)?.orders ?? 0) }))] };
  shown.show({ chart, table });
};

const about = ({ days, firstDay, lastDay }) => {
  const from = days.from ?? firstDay;
  const to = days.to ?? lastDay;
  return from === null || to === null ? "" : `${format.days(from, to)} · days are UTC`;
};

/** The view of sales. */
export const sales = () => {
  const head = viewHead("Sales");
  const figures = keyFigures();
  const revenue = revenueCard();
  const products = card({ title: "Top products", note: "By revenue after discounts and returns" });
  const categories = card({ title: "Categories", note: "By revenue after discounts and returns" });
  const hours = card({ title: "When people buy", note: "Orders by weekday and hour, UTC" });
  const countries = card({ title: "Countries", note: "Net of returns and cancellations" });
  const all = [revenue, products, categories, hours, countries];
  const body = el("div", { class: "view" }, figures.element, el("div", { class: "grid" }, ...all.map((shown) => shown.element)));
  const nothing = el("section", { class: "card" }, state("Nothing has been sold yet", NO_SALES_AT_ALL));
  const element = el("div", { class: "view" }, head.element, body);

  const refresh = async (context) => {
    const { currency, days, signal, retry } = context;
    const shownBody = currency === null ? nothing : body;
    if (element.lastElementChild !== shownBody) replace(element, head.element, shownBody);
    head.about.textContent = about(context);
    if (currency === null) return;
    replace(head.pickers, currencyPicker(context), ...periodPicker(context));
    const asked = { currency, ...days };
    const length = days.from === null ? null : daysBetween(days.from, days.to);
    await Promise.all([
      into(revenue, get("/sales/totals", asked, signal), ({ items }) => figures.show(items[0], currency, length), retry),
      into(revenue, list("/sales/daily", { ...asked, limit: 1000 }, { signal, pages: MOST_PAGES }), (found) => revenue.show(found, context), retry),
      into(products, list("/sales", { ...asked, limit: 10 }, { signal }), (found) => showProducts(products, found, context), retry),
      into(categories, list("/categories", asked, { signal }), (found) => showCategories(categories, found, context), retry),
      into(hours, list("/sales/hours", asked, { signal }), (found) => showHours(hours, found, context), retry),
      into(countries, list("/countries", asked, { signal }), (found) => showCountries(countries, found, context), retry),
    ]);
  };

  return {
    title: "Sales", element, needsCurrencies: true, refresh,
    refuse: (error, retry) => all.forEach((shown) => shown.refuse(error, retry)),
    stampOf: (told) => told?.status.gold ?? null,
    close: revenue.close,
  };
};
