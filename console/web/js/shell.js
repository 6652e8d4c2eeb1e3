// What surrounds the views: the ledger's state, the connection's, the theme.

import { announce } from "./dom.js";
import { moment, time } from "./format.js";

const part = (id) => document.querySelector(`#${id}`);

/** The pill in the head: green, red, or why that is not known. Changes are said aloud, the seconds are not. */
const showLedger = (live) => {
  const pill = part("ledger-pill");
  const told = {
    connecting: ["idle", "Connecting"],
    lost: ["idle", "Not connected"],
    outage: ["warn", "Warehouse away"],
    live: live.status?.status.is_balanced === false ? ["bad", "Ledger red"] : ["good", "Ledger green"],
  };
  const [tone, text] = told[live.state];
  const label = pill.querySelector(".pill-text");
  if (label.textContent === text) return;
  pill.dataset.tone = tone;
  label.textContent = text;
  if (live.state !== "connecting") announce(text);
};

const showBanner = (live) => {
  const banner = part("banner");
  const since = live.at === null ? "" : ` The figures are those of ${time(live.at)} UTC.`;
  const told = {
    lost: `The console does not answer: check that it is still running. Trying again…${since}`,
    outage: `The warehouse is away or too slow: check that PostgreSQL is running. Trying again…${since}`,
  }[live.state] ?? "";
  banner.hidden = told === "";
  if (banner.textContent !== told) banner.textContent = told;
};

const showFoot = (live) => {
  const told = {
    connecting: "Connecting to the console…",
    lost: "Not connected",
    outage: "Connected; the warehouse is away",
    live: `Live · last change ${live.at === null ? "" : moment(live.at)} UTC`,
  }[live.state];
  part("live-state").textContent = told;
};

/** Keeps the surroundings in step with the live status. */
export const followLive = (live) => {
  const show = () => {
    showLedger(live);
    showBanner(live);
    showFoot(live);
  };
  live.listen(show);
  show();
};

const systemIsDark = () => matchMedia("(prefers-color-scheme: dark)").matches;
const isDark = () => (document.documentElement.dataset.theme ?? (systemIsDark() ? "dark" : "light")) === "dark";

/** The button that changes between light and dark. Choosing what the system has anyway forgets the choice. */
export const offerThemes = () => {
  const label = () => { part("theme-label").textContent = isDark() ? "Change to the light theme" : "Change to the dark theme"; };
  const tell = () => {
    label();
    document.dispatchEvent(new CustomEvent("assay-theme"));
  };
  part("theme-button").addEventListener("click", () => {
    const wanted = isDark() ? "light" : "dark";
    const isSystems = (wanted === "dark") === systemIsDark();
    if (isSystems) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = wanted;
    try {
      if (isSystems) localStorage.removeItem("assay-theme");
      else localStorage.setItem("assay-theme", wanted);
    } catch {
      // Storage may be closed to pages; then the choice lasts as long as the page.
    }
    tell();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  label();
};

/** Marks the view that is shown, and carries currency and days over to the others. */
export const markView = (router) => {
  for (const link of document.querySelectorAll("a[data-view]")) {
    link.href = router.addressOf({ view: link.dataset.view });
    if (link.parentElement?.classList.contains("views") !== true) continue;
    if (link.dataset.view === router.route.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};
