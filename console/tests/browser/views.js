// The views by name, and how a test gets to them.

import { settled } from "./browser.js";

export const VIEWS = ["sales", "customers", "pipeline", "quarantine", "runs"];

export const visit = async (page, world, view, query = "") => {
  await page.goto(`${world.pipeline.url}/?view=${view}${query}`);
  await settled(page);
};

/** The rows of a table as texts by column, found by its caption. */
export const tableRows = (page, caption) => page.locator("table", { has: page.locator("caption", { hasText: caption }) }).evaluate((table) => {
  const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent);
  return [...table.querySelectorAll("tbody tr")].map((row) => Object.fromEntries([...row.children].map((cell, at) => [names[at], cell.textContent])));
});

/** Digits, sign and point of a figure as a person reads it. */
export const plain = (text) => text.replace(/[^\d.\-–]/g, "").replace("–", "-");
