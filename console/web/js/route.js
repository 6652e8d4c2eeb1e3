// The address says what is shown, so that a view with its currency and days can be kept, sent, and gone back to.

import { isDay, PRESETS, USUAL } from "./period.js";

export const VIEWS = ["sales", "customers", "pipeline", "quarantine", "runs"];

/** What an address asks for; what it does not say, or says wrongly, is as usual. */
export const read = (search) => {
  const query = new URLSearchParams(search);
  const oneOf = (name, allowed, usual) => (allowed.includes(query.get(name)) ? query.get(name) : usual);
  const currency = /^[A-Z]{3}$/.test(query.get("currency") ?? "") ? query.get("currency") : null;
  const [from, to] = [query.get("from"), query.get("to")];
  const isCustom = query.get("range") === "custom" && isDay(from) && isDay(to);
  return {
    view: oneOf("view", VIEWS, "sales"),
    currency,
    range: isCustom ? "custom" : oneOf("range", PRESETS.map(([name]) => name), USUAL),
    from: isCustom ? from : null,
    to: isCustom ? to : null,
    reason: query.get("reason"),
    state: query.get("state"),
    event: query.get("event"),
  };
};

/** The address of a route: only what differs from the usual is in it. */
export const write = (route) => {
  const query = new URLSearchParams();
  const add = (name, value, usual = null) => {
    if (value !== usual && value !== null && value !== undefined) query.set(name, value);
  };
  add("view", route.view, "sales");
  add("currency", route.currency);
  add("range", route.range, USUAL);
  if (route.range === "custom") {
    add("from", route.from);
    add("to", route.to);
  }
  if (route.view === "quarantine") {
    add("reason", route.reason);
    add("state", route.state);
    add("event", route.event);
  }
  return query.size > 0 ? `/?${query}` : "/";
};

const NO_CHOICE = { reason: null, state: null, event: null };

export class Router {
  #changed;
  route = read(location.search);

  constructor(changed) {
    this.#changed = changed;
    addEventListener("popstate", () => this.#set(read(location.search)));
    document.addEventListener("click", (event) => this.#follow(event));
  }

  /** Changes a part of the address, as a step that the browser goes back from. */
  go(changes) {
    const next = { ...this.route, ...changes };
    if (write(next) !== write(this.route)) history.pushState(null, "", write(next));
    this.#set(next);
  }

  /** The address of another view with the same currency and days. */
  addressOf(changes) {
    return write({ ...this.route, ...NO_CHOICE, ...changes });
  }

  #set(route) {
    const before = this.route;
    this.route = route;
    this.#changed(route, before);
  }

  /** Links of the page change the view in place; with a key held they open as links do. */
  #follow(event) {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[data-route], a[data-view]") : null;
    if (link === null || link.target !== "") return;
    event.preventDefault();
    const asked = read(new URL(link.href).search);
    this.go(link.dataset.view === undefined ? asked : { ...NO_CHOICE, view: link.dataset.view });
  }
}
