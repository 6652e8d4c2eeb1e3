// The live status: one stream of the console's events, kept up, with a short memory for rates.

import { History } from "./rates.js";

const LONGEST_WAIT = 15_000;

export class Live {
  #source = null;
  #listeners = new Set();
  #failures = 0;
  #timer = null;

  /** connecting, live, outage (the warehouse is away) or lost (the console is away). */
  state = "connecting";
  /** What the last status said, and when that was. */
  status = null;
  at = null;
  detail = null;
  history = new History();
  /** How far this machine's clock is ahead of the console's, in milliseconds. */
  clockAhead = 0;

  /** Calls back on every change until the function that it returns is called. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start() {
    this.#source?.close();
    this.#source = new EventSource("/events");
    this.#source.addEventListener("status", (event) => this.#take("live", event));
    this.#source.addEventListener("outage", (event) => this.#take("outage", event));
    this.#source.addEventListener("error", () => this.#lost());
    clearTimeout(this.#timer);
  }

  #take(state, event) {
    let told;
    try {
      told = JSON.parse(event.data);
    } catch {
      return; // half a message is none; the next one comes in a second
    }
    this.#failures = 0;
    this.state = state;
    this.detail = told.detail ?? null;
    if (state === "live") {
      this.status = told;
      this.at = told.at;
      this.clockAhead = Date.now() - Date.parse(told.at);
      this.history.add(told.at, told.status);
    }
    this.#tell();
  }

  // The browser's own trying again ends for good at the first answer that is no stream; so it is done here.
  #lost() {
    this.#source?.close();
    this.#failures += 1;
    this.state = "lost";
    this.#tell();
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** Math.min(this.#failures, 6));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), wait / 2 + (Math.random() * wait) / 2);
  }

  #tell() {
    for (const listener of this.#listeners) listener(this);
  }
}
