// Debian's chromium, driven by Playwright. Every page reports what went wrong in it, and reaches no other host.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PROGRAM = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export const launch = () => {
  if (PROGRAM === undefined) throw new Error("there is no chromium: apt-get install chromium, or set CHROMIUM to its path");
  // As root chromium's own sandbox cannot be; what it opens here is our own page.
  return chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox", "--force-color-profile=srgb"] });
};

/**
 * A page of the console in a context of its own. `troubles` collects what the page should never do: errors, refusals by
 * its content security policy, dialogs, requests to other hosts.
 */
export const openPage = async (browser, url, { colorScheme = "light", viewport = { width: 1280, height: 900 }, scale = 1 } = {}) => {
  const context = await browser.newContext({ colorScheme, viewport, deviceScaleFactor: scale, locale: "en-GB", timezoneId: "America/New_York", reducedMotion: "reduce" });
  const troubles = [];
  await context.route((asked) => asked.origin !== new URL(url).origin, (route) => {
    troubles.push(`asked another host: ${route.request().url()}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => troubles.push(`error: ${error.stack}`));
  page.on("console", (message) => {
    const isExpected = /Failed to load resource|net::ERR/.test(message.text());
    if (message.type() === "error" && !isExpected) troubles.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  return { context, page, troubles };
};

/** Until nothing on the page is loading any more. */
export const settled = (page) => page.waitForFunction(() =>
  document.querySelector("main h1") !== null && document.querySelectorAll("main [aria-busy='true']").length === 0);
