// Stretches of days. Days are text (YYYY-MM-DD) throughout, in UTC, as the marts have them.

const DAY = 86_400_000;

/** What the picker offers: name in the URL, label, number of days (null: all). */
export const PRESETS = [
  ["7d", "Last 7 days", 7],
  ["14d", "Last 14 days", 14],
  ["30d", "Last 30 days", 30],
  ["90d", "Last 90 days", 90],
  ["365d", "Last 12 months", 365],
  ["all", "All time", null],
];
// With the 30 days of history that a demo begins with, this one has a stretch before it to compare with.
export const USUAL = "14d";

export const isDay = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;

export const addDays = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);

export const daysBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / DAY) + 1;

/**
 * The days of a range. They end with the last day that has sales, which in a running shop is today and in an import of
 * last year's sales is not. `from` and `to` are null for all time.
 */
export const resolve = ({ range, from, to }, lastDay) => {
  if (range === "custom") return from <= to ? { from, to } : { from: to, to: from };
  const preset = PRESETS.find(([name]) => name === range);
  const days = preset?.[2] ?? null;
  if (days === null || lastDay === null) return { from: null, to: null };
  return { from: addDays(lastDay, 1 - days), to: lastDay };
};

/** How finely so many days are drawn. */
export const grain = (days) => {
  if (days <= 62) return "day";
  return days <= 750 ? "week" : "month";
};

/** The first day of the day, week (from Monday) or month that a day lies in. */
export const bucket = (day, by) => {
  if (by === "day") return day;
  if (by === "month") return `${day.slice(0, 7)}-01`;
  const weekday = (new Date(Date.parse(day)).getUTCDay() + 6) % 7;
  return addDays(day, -weekday);
};

/** All buckets from one day to another, also those without sales. */
export const buckets = (from, to, by) => {
  const found = [];
  let next = bucket(from, by);
  const end = bucket(to, by);
  while (next <= end) {
    found.push(next);
    if (by === "day") next = addDays(next, 1);
    else if (by === "week") next = addDays(next, 7);
    else next = bucket(addDays(next, 32), "month");
  }
  return found;
};
