// The pure parts of the page, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { apart } from "../../web/js/charts/lines.js";
import { step, usualMost } from "../../web/js/charts/heat.js";
import { cents, change, fromCents, ratio } from "../../web/js/decimal.js";
import * as format from "../../web/js/format.js";
import { hexdump } from "../../web/js/hexdump.js";
import { addDays, bucket, buckets, daysBetween, isDay, resolve } from "../../web/js/period.js";
import { History } from "../../web/js/rates.js";
import { read, write } from "../../web/js/route.js";
import { meaning } from "../../web/js/reasons.js";
import { byChannel } from "../../web/js/views/sales.js";
import { cohortRows } from "../../web/js/views/customers.js";
import { placeOf } from "../../web/js/views/quarantine.js";
import { readFileSync } from "node:fs";

test("money is added exactly, beyond what a number holds", () => {
  assert.equal(fromCents(cents("0.1") + cents("0.2")), "0.30");
  assert.equal(fromCents(cents("90071992547409.93") + cents("0.01")), "90071992547409.94");
  assert.equal(fromCents(cents("-0.05")), "-0.05");
  assert.equal(fromCents(cents("7")), "7.00");
  assert.equal(cents("12.3400"), 1234n);
  assert.equal(cents(null), 0n);
  assert.throws(() => cents("1e9"), RangeError);
  assert.throws(() => cents("12.345"), RangeError);
});

test("changes say nothing where there is nothing to compare with", () => {
  assert.equal(change("120.00", "100.00"), 0.2);
  assert.equal(change("1", "0"), null);
  assert.equal(change("1", "-5"), null);
  assert.equal(change("1", null), null);
  assert.equal(ratio("1.00", "0.00"), null);
});

test("money is shown exactly, beyond what a number holds", () => {
  assert.equal(format.money("90071992547409.93", "EUR"), "€90,071,992,547,409.93");
  assert.equal(format.money("-0.50", "USD"), "-$0.50");
  assert.equal(format.money(null, "USD"), "–");
  assert.equal(format.wholeMoney("1234.50", "EUR"), "€1,235");
  assert.equal(format.money("1234.50", "XAF").replace(/\s/g, ""), "FCFA1,234.50");
  assert.equal(format.country("DE"), "Germany");
  assert.equal(format.country("<b>"), "<b>");
  assert.equal(format.seconds(0.24), "240 ms");
  assert.equal(format.seconds(200_000), "2 days");
  assert.equal(format.bytes(1_234_567), "1.2 MB");
});

test("days", () => {
  assert.equal(isDay("2026-02-29"), false);
  assert.equal(isDay("2028-02-29"), true);
  assert.equal(isDay("20260101"), false);
  assert.equal(addDays("2026-03-01", -1), "2026-02-28");
  assert.equal(daysBetween("2026-01-01", "2026-01-31"), 31);
  assert.deepEqual(resolve({ range: "7d" }, "2026-03-03"), { from: "2026-02-25", to: "2026-03-03" });
  assert.deepEqual(resolve({ range: "all" }, "2026-03-03"), { from: null, to: null });
  assert.deepEqual(resolve({ range: "custom", from: "2026-02-02", to: "2026-01-01" }, null), { from: "2026-01-01", to: "2026-02-02" });
  assert.equal(bucket("2026-11-22", "week"), "2026-11-16");
  assert.equal(bucket("2026-11-16", "week"), "2026-11-16");
  assert.deepEqual(buckets("2025-11-30", "2026-02-01", "month"), ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]);
  assert.equal(buckets("2026-03-25", "2026-04-02", "day").length, 9);
});

test("days without sales are zero, and every amount falls into one bucket", () => {
  const rows = [["2026-01-01", "web", "1.10"], ["2026-01-03", "web", "2.20"], ["2026-01-03", "mobile", "-0.30"]]
    .map(([sales_date, channel, net_amount]) => ({ sales_date, channel, net_amount }));
  const { keys, sums } = byChannel(rows, "2026-01-01", "2026-01-04");
  assert.equal(keys.length, 4);
  assert.deepEqual(sums.get("web"), [110n, 0n, 220n, 0n]);
  assert.deepEqual(sums.get("mobile"), [0n, 0n, -30n, 0n]);
});

test("cohorts keep their holes", () => {
  const cell = (cohort_month, months_since) => ({ cohort_month, months_since, cohort_customers: 5 });
  const [first] = cohortRows([cell("2026-01-01", 0), cell("2026-01-01", 2)]);
  assert.equal(first.cells.length, 3);
  assert.equal(first.cells[1], undefined);
});

test("addresses are read and written without loss, and nonsense is the usual", () => {
  const usual = read("");
  assert.equal(write(usual), "/");
  for (const address of ["/?view=customers&currency=USD", "/?range=custom&from=2026-01-01&to=2026-01-31", "/?view=quarantine&reason=bad_magic&state=open&event=a%2F1%2F2"]) {
    assert.equal(write(read(address.slice(1))), address);
  }
  assert.deepEqual(read("?view=toString&currency=eur&range=custom&from=2026-02-30&to=2026-03-01"), usual);
});

test("places in Kafka", () => {
  assert.deepEqual(placeOf("shop.events/3/17"), { topic: "shop.events", partition: "3", offset: "17" });
  for (const wrong of [null, "", "shop/1", "a/b/1/2", "shop/-1/2", "shop/1/2x"]) assert.equal(placeOf(wrong), null);
});

test("rates over ten seconds, also while nothing comes", () => {
  const history = new History();
  const at = (second) => new Date(1_700_000_000_000 + second * 1000).toISOString();
  const counts = (number) => ({ kafka_records: number, bronze: number, judged: number, accepted: number, gold: number });
  history.add(at(0), counts(0));
  assert.equal(history.rates(1_700_000_000_000), null);
  history.add(at(10), counts(100));
  assert.equal(history.rates(1_700_000_010_000).gold, 10);
  assert.equal(history.rates(1_700_000_020_000).gold, 0);
  history.add(at(30), counts(5));
  assert.equal(history.rates(1_700_000_030_000), null, "a warehouse that was emptied counts anew");
});

test("labels at the ends of lines keep apart and within", () => {
  const placed = apart([50, 51, 52], 16, 0, 100);
  const sorted = [...placed].sort((one, other) => one - other);
  assert.ok(sorted[1] - sorted[0] >= 16 && sorted[2] - sorted[1] >= 16);
  assert.ok(Math.max(...apart([99, 99, 99], 16, 0, 100)) <= 100);
});

test("shades: only nothing has none, and one outlier does not take all", () => {
  assert.equal(step(0, 10), 0);
  assert.equal(step(0.001, 10), 1);
  assert.equal(step(10, 10), 6);
  assert.equal(step(99, 10), 6);
  assert.equal(usualMost([...Array(99).fill(10), 1000]), 10);
  assert.equal(usualMost([]), 0);
});

test("bytes as people read them", () => {
  assert.equal(hexdump("c30141"), "0000  c3 01 41                                         ..A");
  assert.equal(hexdump(""), "");
  assert.equal(hexdump("xyz"), "xyz");
  assert.match(hexdump("00".repeat(5000)), /… 904 more bytes$/);
});

test("every reason that the judge has is explained", () => {
  const source = readFileSync(new URL("../../../crates/event-contract/src/reason.rs", import.meta.url), "utf8");
  const codes = [...source.matchAll(/^ {4}[A-Z]\w+ = "(\w+)",$/gm)].map(([, code]) => code);
  assert.ok(codes.length > 30);
  assert.deepEqual(codes.filter((code) => meaning(code) === ""), []);
});
