// The currency and time pickers. They only change the address; the view follows it.

import { el } from "./dom.js";
import { PRESETS, addDays } from "./period.js";

const labelled = (label, input) => el("label", { class: "field" }, el("span", {}, label), input);

const select = (key, options, value, chosen) => {
  const element = el("select", { "data-key": key, onchange: () => chosen(element.value) },
    ...options.map(([name, label]) => el("option", { value: name, selected: name === value }, label)));
  return element;
};

/** Which currency: money of two currencies is never added, so there is always exactly one. */
export const currencyPicker = (context) => {
  const offered = context.currencies.map(({ currency }) => [currency, currency]);
  if (context.currency !== null && !offered.some(([code]) => code === context.currency)) offered.push([context.currency, context.currency]);
  return labelled("Currency", select("currency", offered, context.currency, (currency) => context.go({ currency })));
};

/** Which days: a usual stretch, or any. */
export const periodPicker = (context) => {
  const { range } = context.route;
  const options = [...PRESETS.map(([name, label]) => [name, label]), ["custom", "Choose days"]];
  const choose = (name) => {
    if (name !== "custom") return context.go({ range: name, from: null, to: null });
    const to = context.days.to ?? context.lastDay ?? new Date().toISOString().slice(0, 10);
    return context.go({ range: "custom", from: context.days.from ?? addDays(to, -6), to });
  };
  const picker = labelled("Time", select("range", options, range, choose));
  if (range !== "custom") return [picker];
  const dayInput = (label, name) => {
    const input = el("input", {
      type: "date", "data-key": name, value: context.route[name], required: true, min: "1900-01-01", max: "2199-12-31",
      onchange: () => input.validity.valid && context.go({ [name]: input.value }),
    });
    return labelled(label, input);
  };
  return [picker, dayInput("From", "from"), dayInput("To", "to")];
};

/** The head of a view: its name, what is shown, and the pickers. */
export const viewHead = (title) => {
  const about = el("p", { class: "view-about" });
  const pickers = el("div", { class: "pickers" });
  const heading = el("h1", { tabindex: -1 }, title);
  return { element: el("div", { class: "view-head" }, el("div", {}, heading, about), pickers), about, pickers, heading };
};
