// The button, and who may press it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage } from "../browser.js";
import { sql } from "../pipeline.js";
import { visit } from "../views.js";

const newest = async () => (await sql("SELECT run_id, status, kind FROM ops.runs ORDER BY run_id DESC LIMIT 1"))[0];

export const runs = (world) => {
  test("the button makes a run that ends green, before one's eyes", { timeout: 60_000 }, async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    const before = (await newest())?.run_id ?? 0;
    await visit(page, world, "runs");
    await page.getByRole("button", { name: "Run ETL" }).click();
    const row = page.locator(`tr[data-run='${before + 1}']`);
    await row.locator("[data-status='succeeded']").waitFor({ timeout: 30_000 });
    assert.match(await page.locator(".run-told").innerText(), new RegExp(`^Run ${before + 1} has succeeded`));
    assert.deepEqual(await newest(), { run_id: before + 1, status: "succeeded", kind: "manual" });
    const colour = await row.locator("[data-status]").evaluate((cell) => getComputedStyle(cell).color);
    const [red, green] = colour.match(/\d+/g).map(Number);
    assert.ok(green > red, colour);
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("with a token: asked for, refused when wrong, taken when right, kept out of storage", { timeout: 60_000 }, async () => {
    const { pipeline, browser } = world;
    await pipeline.stop("console");
    await pipeline.startConsole({ ASSAY_API_TOKEN: "sesame" });
    const { page, context, troubles } = await openPage(browser, pipeline.url);
    await visit(page, world, "runs");
    const give = async (token) => {
      await page.locator("#run-etl").click();
      await page.getByRole("dialog").waitFor();
      await page.locator("#token").fill(token);
      await page.getByRole("dialog").getByRole("button", { name: "Run ETL" }).click();
    };
    await page.waitForFunction(() => document.querySelector("#run-why").textContent !== "");
    await give("wrong");
    await page.getByText("This is not the console's token").waitFor();
    await give("sesame");
    await page.locator("tbody tr").first().locator("[data-status='succeeded']").waitFor({ timeout: 30_000 });
    await page.getByText(/^Run \d+ has succeeded/).waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).includes("sesame")), false);
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("where writing is off the button says why", { timeout: 60_000 }, async () => {
    const { pipeline, browser } = world;
    await pipeline.stop("console");
    await pipeline.startConsole({ CONSOLE_DATABASE_URL: "" });
    const { page, context } = await openPage(browser, pipeline.url);
    await visit(page, world, "runs");
    await page.getByText(/Writing is off: this console has no connection/).waitFor();
    assert.equal(await page.locator("#run-etl").isDisabled(), true);
    await context.close();
    await pipeline.stop("console");
    await pipeline.startConsole();
  });
};
