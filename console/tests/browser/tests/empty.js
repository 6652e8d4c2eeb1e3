import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage, settled } from "../browser.js";
import { VIEWS, visit } from "../views.js";

export const empty = (world) => {
  test("every view says what is missing and what to do", async () => {
    const { page, context, troubles } = await openPage(world.browser, world.pipeline.url);
    for (const view of VIEWS) {
      await visit(page, world, view);
      const text = await page.locator("main").innerText();
      assert.match(text, /yet|Nothing has been refused|No batch/, `${view}: ${text}`);
      assert.doesNotMatch(text, /undefined|NaN|null|\[object/, view);
    }
    await page.goto(`${world.pipeline.url}/?view=sales&currency=EUR&range=30d`);
    await settled(page);
    assert.match(await page.locator("main").innerText(), /No sales in these days/);
    assert.deepEqual(troubles, []);
    await context.close();
  });
};
