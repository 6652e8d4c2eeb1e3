// The page put together: the address chooses a view, the live status keeps it fresh.

import { get, list } from "./js/api.js";
import { state } from "./js/card.js";
import { announce, replace } from "./js/dom.js";
import { Live } from "./js/live.js";
import { resolve } from "./js/period.js";
import { Router } from "./js/route.js";
import { followLive, markView, offerThemes } from "./js/shell.js";

// Only the view that is shown is waited for; the others are fetched when there is time.
const VIEWS = {
  sales: () => import("./js/views/sales.js"),
  customers: () => import("./js/views/customers.js"),
  pipeline: () => import("./js/views/pipeline.js"),
  quarantine: () => import("./js/views/quarantine.js"),
  runs: () => import("./js/views/runs.js"),
};
const FETCH_OTHERS_AFTER = 2_000;
const REFRESH_EVERY = 3_000;
const RETRY_AFTER = 10_000;

const main = document.querySelector("#main");
const live = new Live();
let currencies = [];
let session = null;
let shown = null;
let asking = new AbortController();
let refreshedAt = 0;
let refreshTimer = null;
let retryTimer = null;
let isAsking = false;
let isStale = false;

const router = new Router((route, before) => {
  markView(router);
  if (route.view !== before.view) void open(true);
  else refresh();
});

/** What a view knows of the world around it. */
const context = () => {
  const { route } = router;
  const currency = route.currency ?? currencies[0]?.currency ?? null;
  const lastDay = currencies.find((offered) => offered.currency === currency)?.last_date ?? null;
  const firstDay = currencies.find((offered) => offered.currency === currency)?.first_date ?? null;
  return {
    route, session, live, currencies, currency, firstDay, lastDay,
    days: resolve(route, lastDay),
    go: (changes) => router.go(changes),
    addressOf: (changes) => router.addressOf(changes),
    retry: () => refresh(),
    signal: asking.signal,
  };
};

const open = async (isByUser) => {
  const { view } = router.route;
  asking.abort();
  let module;
  try {
    module = await VIEWS[view]();
  } catch (error) {
    console.error(error);
    shown?.close?.();
    shown = null;
    replace(main, state("This view could not be fetched", "Check that the console is still running.", () => location.reload()));
    return;
  }
  if (view !== router.route.view) return; // another one was asked for meanwhile
  shown?.close?.();
  shown = module[view]();
  document.title = `${shown.title} · Assay`;
  replace(main, shown.element);
  scrollTo(0, 0);
  if (isByUser) {
    main.querySelector("h1")?.focus({ preventScroll: true });
    announce(`${shown.title} view`);
  }
  await refresh();
};

/** Asks anew for what is shown. An answer that comes after the question has changed is dropped. */
const refresh = async () => {
  if (shown === null) return;
  clearTimeout(refreshTimer);
  clearTimeout(retryTimer);
  refreshTimer = null;
  refreshedAt = performance.now();
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const view = shown;
  isAsking = true;
  isStale = false;
  try {
    if (view.needsCurrencies) currencies = (await list("/currencies", {}, { signal })).items;
    if (!signal.aborted) await view.refresh(context());
  } catch (error) {
    if (!signal.aborted) view.refuse(error, refresh);
  }
  if (signal.aborted) return;
  isAsking = false;
  if (isStale) refreshSoon();
  // What was refused is asked for again, also while nothing changes in the pipeline.
  if (main.querySelector("[data-key='retry']") !== null) retryTimer = setTimeout(refreshSoon, RETRY_AFTER);
};

/** After a change of the figures: at once, but not more often than every few seconds, and not behind another window. */
const refreshSoon = () => {
  if (isAsking) isStale = true; // a slow answer is waited for rather than asked for again and again
  if (isAsking || refreshTimer !== null || document.hidden) return;
  const wait = Math.max(0, refreshedAt + REFRESH_EVERY - performance.now());
  refreshTimer = setTimeout(refresh, wait);
};

const follow = () => {
  let before = { state: live.state, stamp: null };
  live.listen(() => {
    const stamp = shown?.stampOf?.(live.status) ?? null;
    const isBack = live.state === "live" && before.state !== "live" && before.state !== "connecting";
    const isNews = before.stamp !== null && stamp !== before.stamp;
    before = { state: live.state, stamp: stamp ?? before.stamp };
    shown?.live?.(context());
    if (isBack || isNews) refreshSoon();
  });
  document.addEventListener("visibilitychange", () => !document.hidden && refreshSoon());
};

const introduce = async () => {
  try {
    session = await get("/session");
    document.querySelector("#version").textContent = `Assay ${session.version}`;
    shown?.live?.(context());
  } catch {
    setTimeout(introduce, 5_000); // the banner says meanwhile that the console is away
  }
};

addEventListener("error", (event) => {
  if (main.childElementCount === 0) replace(main, state("This page has failed", `Reload it. ${event.message}`));
});

offerThemes();
markView(router);
const opening = open(false);
followLive(live);
follow();
live.start();
introduce();
await opening;
setTimeout(() => Object.values(VIEWS).forEach((fetchView) => fetchView().catch(() => undefined)), FETCH_OTHERS_AFTER);
