// Quarantine: what was refused, by reason; then the events; then one event and what its bytes say.

import { follow, get, list } from "../api.js";
import { card, into } from "../card.js";
import { el, replace } from "../dom.js";
import { viewHead } from "../filters.js";
import * as format from "../format.js";
import { hexdump } from "../hexdump.js";
import { meaning } from "../reasons.js";

const NONE = "Nothing has been refused. When something is, it appears here by itself, with its reason and its bytes.";
const PAGE = 25;

const keyOf = (event) => `${event.topic_name}/${event.kafka_partition}/${event.kafka_offset}`;

/** A topic's name may hold anything but slashes, so the last two parts are the numbers. */
export const placeOf = (key) => {
  const parts = /^([^/]+)\/(\d{1,9})\/(\d{1,18})$/.exec(key ?? "");
  return parts === null ? null : { topic: parts[1], partition: parts[2], offset: parts[3] };
};

const routeLink = (context, changes, key, isCurrent, ...text) =>
  el("a", { href: context.addressOf({ view: "quarantine", ...changes }), "data-route": true, "data-key": key, "aria-current": isCurrent ? "true" : null }, ...text);

const showReasons = (shown, { items }, context) => {
  const { reason, state } = context.route;
  if (items.length === 0) return shown.empty(NONE);
  const isShown = (row) => row.reason === reason && row.state === state;
  shown.show({ table: { caption: "Refused events by reason", rows: items,
    rowAttributes: (row) => ({ class: isShown(row) ? "is-current" : null }),
    columns: [
      { label: "Reason", header: true, className: "name", cell: (row) => el("span", {},
        routeLink(context, { reason: row.reason, state: row.state }, `reason ${row.reason} ${row.state}`, isShown(row), row.reason),
        el("span", { class: "name-second" }, meaning(row.reason))) },
      { label: "State", cell: (row) => el("span", { class: `tag tag-${row.state}` }, row.state) },
      { label: "Events", number: true, cell: (row) => format.count(row.events) },
    ] } });
};

const eventTable = (rows, context) => ({ caption: `Events refused as ${context.route.reason}`, rows,
  rowAttributes: (row) => ({ class: keyOf(row) === context.route.event ? "is-current" : null }),
  columns: [
    { label: "Event", header: true, cell: (row) => {
      const key = keyOf(row);
      const { reason, state } = context.route;
      return routeLink(context, { reason, state, event: key }, `event ${key}`, key === context.route.event, `${row.kafka_partition} / ${row.kafka_offset}`);
    } },
    { label: "Why", className: "detail", cell: (row) => row.detail ?? "" },
    { label: "Refused, UTC", number: true, className: "wide-only", cell: (row) => format.moment(row.quarantined_at) },
  ] });

const term = (name, value) => [el("dt", {}, name), el("dd", {}, value)];

const payloadText = (payload) => {
  if (payload === null || payload === undefined) return ["Payload", "The record has no value."];
  if (typeof payload.undecoded === "string") return [`Bytes${typeof payload.why === "string" ? `, since they cannot be decoded: ${payload.why}` : ""}`, hexdump(payload.undecoded)];
  return ["Decoded payload", JSON.stringify(payload, null, 2)];
};

const eventDetail = (event) => {
  const [title, text] = payloadText(event.payload);
  const caption = el("h3", {}, title);
  return el("div", {},
    el("dl", { class: "terms" },
      ...term("Reason", el("span", {}, el("code", {}, event.reason), ` ${meaning(event.reason)}`)),
      ...term("Detail", event.detail ?? "–"),
      ...term("Event id", el("code", {}, event.event_id ?? "–")),
      ...term("State", el("span", { class: `tag tag-${event.state}` }, event.state)),
      ...term("Rules", `version ${event.rule_version}`),
      ...term("Ingested", `${format.moment(event.ingested_at)} UTC`),
      ...term("Refused", `${format.moment(event.quarantined_at)} UTC`),
      ...(event.resolved_at ? term("Resolved", `${format.moment(event.resolved_at)} UTC${event.resolution_note ? `: ${event.resolution_note}` : ""}`) : [])),
    caption, el("pre", { tabindex: 0, role: "region", "aria-label": title, "data-key": "payload" }, text),
    event.state === "open" ? el("p", { class: "muted" }, "When its cause is mended: ", el("code", {}, `transformer quarantine release --reason ${event.reason}`),
      " judges such events again; ", el("code", {}, "discard"), " gives them up.") : null);
};

/** The view of quarantine. */
export const quarantine = () => {
  const head = viewHead("Quarantine");
  head.about.textContent = "What was refused and why. Bronze keeps the bytes; nothing is lost";
  const reasons = card({ title: "Reasons" });
  const events = card({ title: "Events" });
  const detail = card({ title: "Event" });
  const grid = el("div", { class: "grid browser" });
  const element = el("div", { class: "view" }, head.element, grid);
  let loaded = { key: null, items: [], more: null };
  let revealed = "";

  /** Where the parts stand one below the other, what was just chosen is brought into sight, once. */
  const reveal = (shown, what) => {
    if (revealed === what) return;
    revealed = what;
    const isBelow = shown.element.getBoundingClientRect().top > innerHeight * 0.75;
    if (isBelow) shown.element.scrollIntoView({ block: "start" });
  };

  const more = (context) => (loaded.more === null ? null : el("button", { type: "button", class: "button", "data-key": "more", onclick: async () => {
    const { key } = loaded;
    await into(events, follow(loaded.more, context.signal), (page) => {
      if (loaded.key !== key) return;
      loaded = { key, items: [...loaded.items, ...page.items], more: page.more };
      showEvents(context);
    }, context.retry);
  } }, "Show older ones"));

  const showEvents = (context) => {
    if (loaded.items.length === 0) return events.empty("No event is refused for this reason any more. Choose another reason.");
    events.show({ table: eventTable(loaded.items, context), note: `${context.route.reason}, ${context.route.state ?? "any state"}: partition / offset, newest first` });
    replace(events.side);
    events.element.querySelector(".card-more")?.remove();
    const button = more(context);
    if (button !== null) events.element.append(el("div", { class: "card-more" }, button));
  };

  // What was loaded beyond the first page stays while the address stays, also when new ones arrive above.
  const takeEvents = (page, context) => {
    const { reason, state } = context.route;
    const key = `${reason} ${state}`;
    if (loaded.key !== key) loaded = { key, ...page };
    else {
      const known = new Set(loaded.items.map(keyOf));
      const fresh = page.items.filter((event) => !known.has(keyOf(event)));
      const hasHole = fresh.length === page.items.length && fresh.length > 0 && page.more !== null;
      loaded = hasHole ? { key, ...page } : { ...loaded, items: [...fresh, ...loaded.items] };
    }
    showEvents(context);
    if (context.route.event === null) reveal(events, key);
  };

  const showDetail = ({ items }, context) => {
    if (items.length === 0) return detail.empty("There is no such event in quarantine. Choose one from the list.");
    // A topic that was made anew counts its offsets from the beginning again, so two events may have this place.
    detail.show({ chart: el("div", {}, ...items.map(eventDetail)), note: context.route.event });
    reveal(detail, `${context.route.event}`);
  };

  const refresh = async (context) => {
    const { reason, state, event } = context.route;
    const { signal, retry } = context;
    const place = placeOf(event);
    const parts = [reasons.element, ...(reason === null ? [] : [events.element]), ...(place === null ? [] : [detail.element])];
    if (parts.length !== grid.children.length || parts.some((part, at) => part !== grid.children[at])) replace(grid, ...parts);
    await Promise.all([
      into(reasons, list("/quarantine", {}, { signal }), (found) => showReasons(reasons, found, context), retry),
      reason === null ? null : into(events, list("/quarantine/events", { reason, state, limit: PAGE }, { signal }), (page) => takeEvents(page, context), retry),
      place === null ? null : into(detail, get("/drill", { mart: "quarantine", ...place }, signal), (found) => showDetail(found, context), retry),
    ]);
  };

  return {
    title: "Quarantine", element, needsCurrencies: false, refresh,
    refuse: (error, retry) => reasons.refuse(error, retry),
    stampOf: (told) => told?.status.quarantined ?? null,
  };
};
