// Figures move while the mock shop runs, without a reload.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage } from "../browser.js";
import { execute, sql, until } from "../pipeline.js";
import { plain, visit } from "../views.js";

const figure = async (page, name) => Number(plain(await page.locator(`[data-figure='${name}']`).innerText()));

export const live = (world) => {
  test("sales and the pipeline follow the shop", { timeout: 120_000 }, async (t) => {
    const { pipeline, browser } = world;
    const [sales, flow] = await Promise.all([openPage(browser, pipeline.url), openPage(browser, pipeline.url)]);
    await visit(sales.page, world, "sales", "&currency=EUR&range=all");
    await visit(flow.page, world, "pipeline");
    const opened = [sales.page, flow.page];
    for (const page of opened) await page.evaluate(() => { globalThis.notReloaded = true; });
    const before = { orders: await figure(sales.page, "orders"), gold: await figure(flow.page, "gold") };
    const began = Date.now();
    pipeline.spawn("producer", ["run", "--seed", "8", "--rate", "50", "--bad-pct", "1"]);
    await until("the orders rise", async () => (await figure(sales.page, "orders")) > before.orders + 5, 30_000);
    t.diagnostic(`orders had risen on the page ${Date.now() - began} ms after the shop was started`);
    await until("gold rises", async () => (await figure(flow.page, "gold")) > before.gold + 50, 30_000);
    await until("the rate shows", async () => Number(plain(await flow.page.locator(".flow-stage").nth(1).locator(".flow-rate").innerText())) > 10, 30_000);
    await until("freshness shows", async () => (await flow.page.locator("table", { hasText: "Freshness by stage" }).locator("tbody tr").count()) === 4, 30_000);
    await pipeline.stop("producer");
    await pipeline.drained(1);
    await until("the figures stand where the marts stand", async () => {
      const [row] = await sql("SELECT sum(orders)::int AS orders FROM gold.sales_performance WHERE currency = 'EUR'");
      return (await figure(sales.page, "orders")) === row.orders;
    }, 15_000);
    for (const page of opened) assert.equal(await page.evaluate(() => globalThis.notReloaded), true);
    assert.deepEqual([...sales.troubles, ...flow.troubles], []);
    await Promise.all([sales.context.close(), flow.context.close()]);
  });

  test("a ledger that does not add up turns red, and green again", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "pipeline");
    const pill = page.locator("#ledger-pill");
    await pill.getByText("Ledger green").waitFor();
    await execute("UPDATE ops.partitions SET record_count = record_count + 1 WHERE kafka_partition = 2");
    try {
      await pill.getByText("Ledger red").waitFor({ timeout: 10_000 });
      await page.locator(".verdict.bad").waitFor();
      const red = page.locator("tr.is-red");
      assert.equal(await red.count(), 1);
      assert.match(await red.innerText(), /red/);
      assert.equal(await page.locator("#announcer").textContent(), "Ledger red");
    } finally {
      await execute("UPDATE ops.partitions SET record_count = record_count - 1 WHERE kafka_partition = 2");
    }
    await pill.getByText("Ledger green").waitFor({ timeout: 10_000 });
    assert.equal(await page.locator("tr.is-red").count(), 0);
    assert.deepEqual(troubles, []);
    await context.close();
  });
};
