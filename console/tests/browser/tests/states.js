// When something is away: said, with what to do, and mended by itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage } from "../browser.js";
import { execute } from "../pipeline.js";
import { visit } from "../views.js";

const refuse = (route) => route.fulfill({ status: 503, contentType: "application/problem+json",
  body: JSON.stringify({ title: "Service Unavailable", status: 503, detail: "the warehouse did not answer in time: try again, or ask for fewer days" }) });

export const states = (world) => {
  test("a refusal stands in its card, the others stay; trying again mends it", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    await page.route("**/categories?*", refuse);
    await visit(page, world, "sales", "&currency=EUR&range=all");
    const card = page.locator("section", { has: page.getByRole("heading", { name: "Categories" }) });
    await card.getByText("The warehouse did not answer in time: try again, or ask for fewer days.").waitFor();
    assert.equal(await page.locator("table", { hasText: "Top products by revenue" }).count(), 1);
    await page.unroute("**/categories?*", refuse);
    await card.getByRole("button", { name: "Try again" }).click();
    await card.locator("tbody tr").first().waitFor();
    assert.equal(await card.getByText("Not up to date").count(), 0);
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("what was refused is asked for again without a hand", { timeout: 60_000 }, async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await page.route("**/countries?*", refuse);
    await visit(page, world, "sales", "&currency=EUR&range=all");
    await page.getByText("This cannot be shown").waitFor();
    await page.unroute("**/countries?*", refuse);
    await page.locator("table", { hasText: "Net revenue by country" }).waitFor({ timeout: 20_000 });
    await context.close();
  });

  test("a console that goes away is told of; when it is back the page goes on by itself", { timeout: 90_000 }, async () => {
    const { pipeline, browser } = world;
    const { page, context, troubles } = await openPage(browser, pipeline.url);
    await visit(page, world, "sales", "&currency=EUR&range=all");
    await page.locator("#ledger-pill", { hasText: "Ledger green" }).waitFor();
    await pipeline.stop("console");
    const banner = page.locator("#banner");
    await banner.getByText(/The console does not answer: check that it is still running.*The figures are those of/).waitFor({ timeout: 15_000 });
    await page.getByText("Not connected").first().waitFor();
    assert.notEqual(await page.locator("[data-figure='orders']").innerText(), "");
    await page.getByLabel("Time").selectOption("7d");
    await page.getByText("Not up to date").first().waitFor();
    await pipeline.startConsole();
    await banner.waitFor({ state: "hidden", timeout: 30_000 });
    await page.locator("#ledger-pill", { hasText: "Ledger green" }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".state").length === 0, undefined, { timeout: 15_000 });
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("a warehouse that cannot be read is told of, and when it can be again", { timeout: 60_000 }, async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "pipeline");
    const pill = page.locator("#ledger-pill");
    await pill.getByText("Ledger green").waitFor();
    const counted = await page.locator("[data-figure='bronze']").innerText();
    await execute("REVOKE SELECT ON ops.ledger FROM dashboard_reader");
    try {
      await pill.getByText("Warehouse away").waitFor({ timeout: 15_000 });
      await page.locator("#banner", { hasText: /The warehouse is away or too slow: check that PostgreSQL is running/ }).waitFor();
      assert.equal(await page.locator("[data-figure='bronze']").innerText(), counted);
    } finally {
      await execute("GRANT SELECT ON ops.ledger TO dashboard_reader");
    }
    await pill.getByText("Ledger green").waitFor({ timeout: 15_000 });
    await page.locator("#banner").waitFor({ state: "hidden" });
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("an answer that comes too late does not overwrite a newer one", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales", "&currency=EUR&range=7d");
    await page.route(/totals\?currency=USD/, async (route) => {
      await new Promise((done) => setTimeout(done, 1_500));
      await route.continue().catch(() => undefined);
    });
    await page.getByLabel("Currency").selectOption("USD");
    await page.getByLabel("Currency").selectOption("EUR");
    await page.waitForTimeout(2_500);
    assert.match(await page.locator("[data-figure='revenue']").innerText(), /^€/);
    assert.deepEqual(troubles, []);
    await context.close();
  });
};
