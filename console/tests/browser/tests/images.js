// The pictures of the README, taken anew where IMAGES=1 asks for them: otherwise a run of the tests would change the tree.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { openPage } from "../browser.js";
import { visit } from "../views.js";

const PLACE = join(import.meta.dirname, "../../../../docs/images");
const PICTURES = [
  { name: "sales-light", view: "sales", query: "&range=30d", colorScheme: "light", width: 1280, height: 1000 },
  { name: "pipeline-dark", view: "pipeline", query: "", colorScheme: "dark", width: 1280, height: 1000, wait: 12_000 },
  { name: "customers-light", view: "customers", query: "", colorScheme: "light", width: 1280, height: 1000 },
  { name: "quarantine-dark", view: "quarantine", query: "", colorScheme: "dark", width: 1280, height: 1000, isBrowsed: true },
  { name: "sales-narrow", view: "sales", query: "&range=30d", colorScheme: "light", width: 390, height: 844 },
];

export const images = (world) => {
  test("for the README", { skip: process.env.IMAGES === "1" ? false : "IMAGES=1 takes them", timeout: 180_000 }, async () => {
    mkdirSync(PLACE, { recursive: true });
    world.pipeline.spawn("producer", ["run", "--seed", "9", "--rate", "40", "--bad-pct", "1"]);
    for (const { name, view, query, colorScheme, width, height, wait = 500, isBrowsed = false } of PICTURES) {
      const { page, context } = await openPage(world.browser, world.pipeline.url, { colorScheme, viewport: { width, height } });
      await visit(page, world, view, query);
      if (isBrowsed) {
        await page.getByRole("link", { name: "amount_identity" }).click();
        await page.locator("table", { hasText: "Events refused as amount_identity" }).locator("a").first().click();
        await page.locator("pre").waitFor();
      }
      await page.waitForTimeout(wait);
      await page.screenshot({ path: join(PLACE, `${name}.png`) });
      await context.close();
    }
    await world.pipeline.stop("producer");
    await world.pipeline.drained(1);
  });
};
