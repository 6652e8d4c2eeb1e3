// How figures look: one place, so that the same figure looks the same everywhere. The page is in English; times are UTC.

const LOCALE = "en-GB";
const cache = new Map();

const numberFormat = (options) => {
  const key = JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new Intl.NumberFormat(LOCALE, options));
  return cache.get(key);
};

const NOTHING = "–";
const isNothing = (value) => value === null || value === undefined;

/** Money with its decimals, from the API's text: exact. */
export const money = (text, currency) =>
  isNothing(text)
    ? NOTHING
    : numberFormat({ style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(text);

/** Money without decimals, for figures that are read at a glance. */
export const wholeMoney = (text, currency) =>
  isNothing(text)
    ? NOTHING
    : numberFormat({ style: "currency", currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: 0 }).format(text);

/** Money in few characters, for axes. */
export const shortMoney = (number, currency) =>
  numberFormat({ style: "currency", currency, currencyDisplay: "narrowSymbol", notation: "compact", maximumFractionDigits: 1 }).format(number);

export const count = (number) => (isNothing(number) ? NOTHING : numberFormat({}).format(number));
export const shortCount = (number) => numberFormat({ notation: "compact", maximumFractionDigits: 1 }).format(number);
export const percent = (part, digits = 1) =>
  isNothing(part) ? NOTHING : numberFormat({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(part);

/** Events a second: whole from ten on. */
export const perSecond = (rate) => {
  if (isNothing(rate)) return NOTHING;
  return `${numberFormat({ maximumFractionDigits: rate >= 10 || rate === 0 ? 0 : 1 }).format(rate)}/s`;
};

/** A stretch of time, in the unit that fits. */
export const seconds = (value) => {
  if (isNothing(value)) return NOTHING;
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 120) return `${numberFormat({ maximumFractionDigits: 1 }).format(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  if (value < 172800) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86400)} days`;
};

export const bytes = (number) => {
  if (isNothing(number)) return NOTHING;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const step = number < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(number) / 3));
  return `${numberFormat({ maximumFractionDigits: step === 0 ? 0 : 1 }).format(number / 1000 ** step)} ${units[step]}`;
};

const dateFormat = (options) => {
  const key = `date ${JSON.stringify(options)}`;
  if (!cache.has(key)) cache.set(key, new Intl.DateTimeFormat(LOCALE, { timeZone: "UTC", ...options }));
  return cache.get(key);
};

const dated = (value, options) => {
  const date = value instanceof Date ? value : new Date(value);
  return isNothing(value) || Number.isNaN(date.getTime()) ? NOTHING : dateFormat(options).format(date);
};

export const day = (value) => dated(value, { day: "numeric", month: "short", year: "numeric" });
export const shortDay = (value) => dated(value, { day: "numeric", month: "short" });
export const weekDay = (value) => dated(value, { weekday: "short", day: "numeric", month: "short" });
export const month = (value) => dated(value, { month: "short", year: "numeric" });
export const time = (value) => dated(value, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const moment = (value) =>
  dated(value, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A stretch of days, without saying a month or a year twice. */
export const days = (from, to) => {
  if (from === to) return day(from);
  return dateFormat({ day: "numeric", month: "short", year: "numeric" }).formatRange(new Date(from), new Date(to));
};

const regions = new Intl.DisplayNames([LOCALE], { type: "region", fallback: "code" });
/** A country's name; what is no code stays as it is. */
export const country = (code) => {
  if (isNothing(code)) return "Unknown";
  return /^[A-Z]{2}$/.test(code) ? regions.of(code) : code;
};

/** `in_store` as "In store". */
export const words = (code) => {
  const text = String(code).replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
