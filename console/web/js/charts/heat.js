// Shades: seven steps from nothing to most, for the week's hours and for cohorts.

import { el } from "../dom.js";

export const STEPS = 6;

/** The step of a value: 0 only for nothing. */
export const step = (value, most) => {
  if (!(value > 0) || !(most > 0)) return 0;
  return Math.max(1, Math.min(STEPS, Math.ceil((value / most) * STEPS)));
};

/** What counts as most: a single hour of a sale or a load test shall not make all others look alike. */
export const usualMost = (values) => {
  const sorted = values.filter((value) => value > 0).sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) * 0.97)] ?? 0;
};

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
export const dayName = (weekday) => DAYS[weekday - 1] ?? String(weekday);
export const hourName = (hour) => `${String(hour).padStart(2, "0")}:00`;

/**
 * Weekday × hour. `valueOf(weekday, hour)` is a number, `tell(weekday, hour)` a sentence about a cell, `summary` one about
 * all of them for those who do not see it.
 */
export const weekHeat = ({ valueOf, tell, summary, legend }) => {
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const weekdays = DAYS.map((_, index) => index + 1);
  const most = usualMost(weekdays.flatMap((weekday) => hours.map((hour) => valueOf(weekday, hour))));
  const readout = el("p", { class: "readout", "aria-hidden": "true" }, summary);
  const cell = (weekday, hour) => el("span", {
    class: `heat-cell heat-${step(valueOf(weekday, hour), most)}`,
    onpointerenter: () => { readout.textContent = tell(weekday, hour); },
  });
  const rows = weekdays.flatMap((weekday) => [
    el("span", { class: "heat-day" }, dayName(weekday).slice(0, 3)),
    ...hours.map((hour) => cell(weekday, hour)),
  ]);
  const scale = hours.map((hour) => el("span", { class: "heat-hour" }, hour % 6 === 0 ? String(hour).padStart(2, "0") : ""));
  const grid = el("div", { class: "heat", role: "img", "aria-label": summary, onpointerleave: () => { readout.textContent = summary; } },
    ...rows, el("span", {}), ...scale);
  const key = el("div", { class: "heat-key", "aria-hidden": "true" }, el("span", {}, legend[0]),
    ...Array.from({ length: STEPS + 1 }, (_, index) => el("span", { class: `heat-cell heat-${index}` })), el("span", {}, legend[1]));
  return el("div", {}, grid, el("div", { class: "heat-foot" }, readout, key));
};
