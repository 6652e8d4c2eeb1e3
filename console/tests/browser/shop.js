// What the warehouse of the tests holds: sixty days of a mock shop with bad records among them, and an import of hostile names.

import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const EVENTS = 12_000;

// The hostile ones go the way of any product: a file, Kafka, bronze, silver, gold, the API, the page.
// In a currency of their own, so that they are all on top of its list.
export const HOSTILE_CURRENCY = "NZD";
export const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(2)>",
  "\"><svg onload=alert(3)>",
  "{{constructor.constructor('alert(4)')()}}",
  "javascript:alert(5)",
  "x' style='display:none",
  "=cmd|' /C calc'!A0",
];

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

export const fillShop = async (pipeline) => {
  await pipeline.produce("run", "--seed", "7", "--backfill", "60d", "--count", String(EVENTS), "--duplicate-pct", "1", "--bad-pct", "1");
  const lines = HOSTILE.map((name, index) => `90000${index},H${index},${quoted(name)},${index + 1},12/1/2010 8:26,10.25,1785${index},United Kingdom`);
  const file = join(tmpdir(), `assay-hostile-${process.pid}.csv`);
  await writeFile(file, `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n${lines.join("\n")}\n`);
  await pipeline.produce("import", "uci", file, "--date-order", "mdy", "--currency", HOSTILE_CURRENCY);
  await pipeline.drained(EVENTS + HOSTILE.length);
};
