// The pipeline: where every record is between Kafka and gold, and whether all of them are accounted for.

import { card } from "../card.js";
import { lineChart } from "../charts/lines.js";
import { el, replace } from "../dom.js";
import { viewHead } from "../filters.js";
import * as format from "../format.js";

const WAITING = "No status has come yet. It comes by itself as soon as the console reaches the warehouse.";
const HOUR = 3_600;

const STAGES = [
  { name: "kafka_records", layer: "kafka", label: "Kafka", what: "records in the topic", detail: () => "" },
  { name: "bronze", layer: "bronze", label: "Bronze", what: "raw rows", waiting: "kafka_pending", detail: (status) => format.bytes(status.bronze_bytes) },
  { name: "judged", layer: "silver", label: "Silver", what: "judged", waiting: "bronze_pending",
    detail: (status) => `${format.count(status.duplicate)} duplicate, ${format.count(status.quarantined)} quarantined` },
  { name: "accepted", layer: "silver", label: "Silver", what: "accepted", detail: (status) => format.percent(status.judged === 0 ? null : status.accepted / status.judged) + " of judged" },
  { name: "gold", layer: "gold", label: "Gold", what: "events in the marts", waiting: "silver_pending", detail: () => "" },
];

const flowStage = (stage) => {
  const value = el("strong", { class: "flow-count", "data-figure": stage.name });
  const rate = el("span", { class: "flow-rate" });
  const waiting = el("span", { class: "flow-waiting" });
  const detail = el("span", { class: "flow-detail" });
  const element = el("li", { class: `flow-stage layer-${stage.layer}` },
    el("span", { class: "flow-name" }, el("span", { class: "flow-dot", "aria-hidden": "true" }), stage.label),
    value, el("span", { class: "flow-what" }, stage.what), rate, waiting, detail);
  const show = (status, rates) => {
    value.textContent = format.count(status[stage.name]);
    rate.textContent = format.perSecond(rates?.[stage.name] ?? 0);
    detail.textContent = stage.detail(status);
    const behind = stage.waiting === undefined ? 0 : status[stage.waiting];
    waiting.textContent = stage.waiting === undefined ? "" : behind > 0 ? `${format.count(behind)} waiting before` : "nothing waiting";
    // A handful is always under way; what takes longer than some seconds is a queue.
    waiting.classList.toggle("is-behind", behind > Math.max(1_000, 5 * (rates?.[stage.name] ?? 0)));
  };
  return { element, show };
};

const verdict = (status) => el("p", { class: `verdict ${status.is_balanced ? "good" : "bad"}`, "data-balanced": String(status.is_balanced) },
  el("span", { "aria-hidden": "true" }, status.is_balanced ? "✔ " : "✘ "),
  status.is_balanced
    ? "Green: every record that Kafka holds is accounted for."
    : "Red: some records are not accounted for. “transformer verify” names the partition and the offsets.");

const FRESHNESS = [["event_to_bronze", "Event → bronze"], ["bronze_to_silver", "Bronze → silver"], ["silver_to_gold", "Silver → gold"], ["event_to_gold", "Event → gold"]];

const showFreshness = (shown, rows) => {
  if (rows.length === 0) return shown.empty("No batch in the last minute. “producer run” sends events; figures appear as soon as one arrives.");
  const isHistory = rows.some((row) => row.stage === "event_to_gold" && row.p50_seconds > HOUR);
  const order = FRESHNESS.map(([stage]) => rows.find((row) => row.stage === stage)).filter(Boolean);
  shown.show({
    note: isHistory ? "Seconds of the last minute; catching up on history, so events are as old as it is" : "How long events took, in the last minute",
    table: { caption: "Freshness by stage", rows: order, columns: [
      { label: "Stage", header: true, cell: (row) => FRESHNESS.find(([stage]) => stage === row.stage)[1] },
      { label: "p50", number: true, cell: (row) => format.seconds(row.p50_seconds) },
      { label: "p95", number: true, cell: (row) => format.seconds(row.p95_seconds) },
      { label: "p99", number: true, cell: (row) => format.seconds(row.p99_seconds) },
      { label: "Batches", number: true, className: "wide-only", cell: (row) => format.count(row.batches) }] } });
};

const EQUATION = "Kafka offsets = bronze + gaps, and bronze = accepted + duplicate + quarantined + pending";

const balance = (row) => el("span", { class: `verdict-cell ${row.is_balanced ? "good" : "bad"}` },
  el("span", { "aria-hidden": "true" }, row.is_balanced ? "✔" : "✘"), row.is_balanced ? " green" : " red");

const showLedger = (shown, rows) => {
  if (rows.length === 0) return shown.empty("No partition has been claimed yet. Start “consumer run”, and a producer.");
  const topics = new Set(rows.map((row) => row.topic_id));
  // Which topic is only worth a column's width where there is more than one.
  const topicOf = (row) => (topics.size > 1 ? el("span", { class: "muted" }, `${row.topic_name} (${row.topic_id}) / `) : "");
  const number = (label, cell) => ({ label, number: true, cell: (row) => format.count(cell(row)) });
  shown.show({ note: topics.size > 1 ? EQUATION : `${EQUATION}; topic ${rows[0].topic_name}`, table: { caption: "Ledger by partition", rows,
    rowAttributes: (row) => ({ class: row.is_balanced ? null : "is-red" }),
    columns: [
      { label: "Partition", header: true, cell: (row) => el("span", {}, topicOf(row), String(row.kafka_partition)) },
      { label: "Ledger", cell: balance },
      number("Kafka offsets", (row) => row.next_offset - row.start_offset),
      number("= Bronze", (row) => row.bronze_records), number("+ Gaps", (row) => row.gap_offsets),
      number("Accepted", (row) => row.accepted), number("+ Duplicate", (row) => row.duplicate),
      number("+ Quarantined", (row) => row.quarantined), number("+ Pending", (row) => row.pending),
      number("Still in Kafka", (row) => row.kafka_pending)] } });
};

const throughputChart = () => lineChart({
  height: 180,
  series: [{ label: "Bronze", token: "--layer-bronze" }, { label: "Gold", token: "--layer-gold" }],
  formatTime: (seconds) => format.time(new Date(seconds * 1000)),
  formatValue: format.perSecond, formatAxis: format.shortCount,
  formatTick: (seconds) => format.time(new Date(seconds * 1000)),
});

const showThroughput = (shown, chart, live) => {
  // While nothing changes nothing is sent: time goes on by this page's own clock, from the last word of the console's.
  const now = live.history.newest === null ? Date.now() : Math.max(live.history.newest, Date.now() - live.clockAhead);
  const series = live.history.series(["bronze", "gold"], now);
  const rates = live.history.rates(now);
  const told = `Bronze ${format.perSecond(rates?.bronze ?? 0)}, gold ${format.perSecond(rates?.gold ?? 0)}`;
  chart.set(series, `Line chart of events a second since this page was opened. Now: ${told}.`, `Now: ${told}`);
  const rows = series[0].map((moment, at) => ({ moment, bronze: series[1][at], gold: series[2][at] })).reverse().slice(0, 60);
  shown.show({ chart: chart.element, table: { caption: "Events a second", rows, columns: [
    { label: "Time, UTC", header: true, cell: (row) => format.time(new Date(row.moment * 1000)) },
    { label: "Bronze", number: true, cell: (row) => format.perSecond(row.bronze) },
    { label: "Gold", number: true, cell: (row) => format.perSecond(row.gold) }] } });
  return rates;
};

/** The view of the pipeline. It lives on the live status alone. */
export const pipeline = () => {
  const head = viewHead("Pipeline");
  head.about.textContent = "Where every record is, as it happens";
  const stages = STAGES.map(flowStage);
  const verdictPlace = el("div", {});
  const flow = el("section", { class: "card flow-card", "aria-label": "Records in each layer" },
    el("ol", { class: "flow" }, ...stages.map(({ element }) => element)), verdictPlace);
  const throughput = card({ title: "Throughput", note: "Events a second, since this page was opened, at most five minutes" });
  const freshness = card({ title: "Freshness", note: "How long events took, in the last minute" });
  const ledger = card({ title: "Ledger", className: "wide", note: EQUATION });
  const chart = throughputChart();
  const element = el("div", { class: "view" }, head.element, flow,
    el("div", { class: "grid" }, throughput.element, freshness.element, ledger.element));
  let verdictShown = null;

  const show = ({ live }) => {
    if (live.status === null) {
      if (live.state !== "connecting") [freshness, ledger, throughput].forEach((shown) => shown.empty(WAITING));
      return;
    }
    const { status, freshness: stagesFresh, ledger: partitions } = live.status;
    const rates = showThroughput(throughput, chart, live);
    stages.forEach((stage) => stage.show(status, rates));
    if (verdictShown !== status.is_balanced) replace(verdictPlace, verdict(status));
    verdictShown = status.is_balanced;
    showFreshness(freshness, stagesFresh);
    showLedger(ledger, partitions);
  };
  let latest = null;
  const ticking = setInterval(() => latest !== null && !document.hidden && latest.live.state === "live" && show(latest), 2_000);

  return {
    title: "Pipeline", element, needsCurrencies: false,
    refresh: async (context) => { latest = context; show(context); },
    refuse: (error, retry) => ledger.refuse(error, retry),
    live: (context) => { latest = context; show(context); },
    close: () => { clearInterval(ticking); chart.destroy(); },
  };
};
