// Names that would like to be more than names.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage, settled } from "../browser.js";
import { HOSTILE, HOSTILE_CURRENCY } from "../shop.js";
import { tableRows, visit } from "../views.js";

export const hostile = (world) => {
  test("stay text", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales", `&currency=${HOSTILE_CURRENCY}&range=all`);
    const shown = (await page.locator("table", { hasText: "Top products by revenue" }).locator(".name-first").allTextContents()).sort();
    assert.deepEqual(shown, [...HOSTILE].sort());
    assert.equal(await page.locator("main script, main img, main svg [onload], main [onerror]").count(), 0);
    assert.equal((await tableRows(page, "Top products by revenue")).length, HOSTILE.length);
    await page.waitForTimeout(300);
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("addresses that ask for nonsense show the usual view", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    const addresses = ["?view=__proto__", "?view=constructor", "?currency=%3Cscript%3E", "?range=custom&from=2026-13-45&to=x", "?range=hasOwnProperty",
      "?view=quarantine&reason=%3Cimg%20src=x%20onerror=alert(1)%3E&event=../../x/1/2", "?view=quarantine&event=%00/99999999999/1"];
    for (const address of addresses) {
      await page.goto(`${world.pipeline.url}/${address}`);
      await settled(page);
      assert.ok(await page.locator("h1").innerText(), address);
      assert.equal(await page.locator("main img, main script").count(), 0, address);
    }
    assert.deepEqual(troubles, []);
    await context.close();
  });
};
