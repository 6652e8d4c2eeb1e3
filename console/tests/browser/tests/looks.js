// Themes, widths, the address, the keyboard.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage, settled } from "../browser.js";
import { VIEWS, visit } from "../views.js";

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const isDark = (colour) => colour.match(/\d+/g).map(Number).every((part) => part < 60);

export const looks = (world) => {
  test("both themes, by the system and by the button, which is remembered", async () => {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context, troubles } = await openPage(world.browser, world.pipeline.url, { colorScheme });
      await visit(page, world, "sales");
      assert.equal(isDark(await background(page)), colorScheme === "dark");
      await page.locator("#theme-button").click();
      assert.equal(isDark(await background(page)), colorScheme !== "dark");
      await page.reload();
      await settled(page);
      assert.equal(isDark(await background(page)), colorScheme !== "dark");
      await page.locator("#theme-button").click();
      assert.equal(await page.evaluate(() => localStorage.getItem("assay-theme")), null);
      assert.equal(isDark(await background(page)), colorScheme === "dark");
      assert.deepEqual(troubles, []);
      await context.close();
    }
  });

  test("no view scrolls sideways, from 320 to 1600 pixels", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    for (const width of [320, 390, 768, 1024, 1600]) {
      await page.setViewportSize({ width, height: 844 });
      for (const view of VIEWS) {
        await visit(page, world, view, "&currency=EUR&reason=bad_magic&state=open");
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(excess <= 0, `${view} at ${width}: ${excess} pixels too wide`);
      }
    }
    await context.close();
  });

  test("currency and days are in the address: kept, shared, gone back to", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales");
    await page.getByLabel("Currency").selectOption("USD");
    await page.getByLabel("Time").selectOption("30d");
    await page.waitForURL(/currency=USD&range=30d$/);
    await settled(page);
    await page.getByRole("link", { name: "Customers" }).click();
    await page.waitForURL(/view=customers&currency=USD&range=30d$/);
    await page.goBack();
    await page.goBack();
    await page.waitForURL(/currency=USD$/);
    await settled(page);
    assert.equal(await page.getByLabel("Currency").inputValue(), "USD");
    assert.equal(await page.getByLabel("Time").inputValue(), "14d");
    await page.getByLabel("Time").selectOption("custom");
    await page.waitForURL(/range=custom&from=\d{4}-\d{2}-\d{2}&to=/);
    await page.getByLabel("From").waitFor();
    const address = page.url();
    await page.reload();
    await settled(page);
    assert.equal(page.url(), address);
    assert.equal(await page.getByLabel("Time").inputValue(), "custom");
    assert.deepEqual(troubles, []);
    await context.close();
  });

  test("the keyboard: skip link first, focus on the new view's name, focus kept when figures change", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    await visit(page, world, "sales");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip-link");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.key), "currency");
    await page.getByRole("link", { name: "Pipeline", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/view=pipeline/);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Pipeline");
    await visit(page, world, "sales");
    const time = page.getByLabel("Time");
    await time.focus();
    await time.selectOption("7d");
    await settled(page);
    await page.waitForTimeout(500);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.key), "range");
    await context.close();
  });
};
