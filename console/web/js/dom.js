// Making elements. Text from outside becomes text nodes here and nothing else: no markup is ever parsed.

const SVG = "http://www.w3.org/2000/svg";

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};

/** An element. Attributes that are null, undefined or false are left out; `onclick` and the like are listeners. */
export const el = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);

/** The same in SVG. */
export const svg = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** Text for screen readers alone. */
export const hidden = (text) => el("span", { class: "visually-hidden" }, text);

/**
 * Replaces what is in an element and keeps the keyboard where it was: an element with the same `data-key` as the one that
 * had the focus gets it again.
 */
export const replace = (parent, ...children) => {
  const focused = document.activeElement;
  const key = focused !== null && parent.contains(focused) ? focused.dataset.key : undefined;
  parent.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  if (key === undefined) return;
  const again = [...parent.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key);
  again?.focus({ preventScroll: true });
};

/** Says something to screen readers, once. */
export const announce = (text) => {
  const announcer = document.querySelector("#announcer");
  if (announcer !== null) announcer.textContent = text;
};
