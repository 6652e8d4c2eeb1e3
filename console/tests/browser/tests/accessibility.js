// axe-core in every view, both themes, wide and narrow.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { openPage, settled } from "../browser.js";
import { VIEWS, visit } from "../views.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious and critical findings. The page's policy lets no foreign script in, so axe comes by the debugger's door. */
const findings = async (page) => {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
};

const openEvent = async (page) => {
  await page.getByRole("link", { name: "amount_identity" }).click();
  await page.locator("table", { hasText: "Events refused as amount_identity" }).locator("a").first().click();
  await page.locator("pre").waitFor();
  await settled(page);
};

export const accessibility = (world) => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      test(`no serious finding, ${colorScheme}, ${width} pixels`, async () => {
        const { page, context } = await openPage(world.browser, world.pipeline.url, { colorScheme, viewport: { width, height: 844 } });
        for (const view of VIEWS) {
          await visit(page, world, view);
          if (view === "quarantine") await openEvent(page);
          assert.deepEqual(await findings(page), [], view);
          const toggles = page.getByRole("button", { name: /^Table: / });
          if (await toggles.count() === 0) continue;
          for (const toggle of await toggles.all()) await toggle.click();
          assert.deepEqual(await findings(page), [], `${view} as tables`);
        }
        await context.close();
      });
    }
  }

  test("every chart has a name and a table", async () => {
    const { page, context } = await openPage(world.browser, world.pipeline.url);
    for (const view of ["sales", "pipeline"]) {
      await visit(page, world, view);
      for (const chart of await page.locator("main [role='img']").all()) {
        assert.ok((await chart.getAttribute("aria-label")).length > 20);
        const table = await chart.evaluate((element) => element.closest("section").querySelector("button[aria-pressed]").getAttribute("aria-label"));
        assert.match(table, /^Table: /);
      }
    }
    await context.close();
  });
};
