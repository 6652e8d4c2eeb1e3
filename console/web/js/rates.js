// Rates out of counts that come about every second, and not at all while nothing changes.

const WINDOW = 10_000;
const KEPT = 300_000;
const COUNTS = ["kafka_records", "bronze", "judged", "accepted", "gold"];

export class History {
  #samples = [];

  /** Takes the counts of a moment, by the clock of the console. */
  add(at, status) {
    const moment = Date.parse(at);
    const last = this.#samples.at(-1);
    // A restarted pipeline on an emptied warehouse counts from the beginning again.
    if (last !== undefined && (moment <= last.moment || status.bronze < last.counts.bronze)) this.#samples = [];
    this.#samples.push({ moment, counts: status });
    while (this.#samples.length > 2 && this.#samples[1].moment < moment - KEPT) this.#samples.shift();
  }

  get newest() {
    return this.#samples.at(-1)?.moment ?? null;
  }

  /** The counts as they stood at a moment: between two looks nothing is known, so the earlier one holds. */
  #countsAt(moment) {
    let found = null;
    for (const sample of this.#samples) {
      if (sample.moment > moment) break;
      found = sample;
    }
    return found;
  }

  /** Events a second over the ten seconds up to a moment; null until there are two looks. */
  rates(now) {
    const last = this.#countsAt(now);
    if (last === null) return null;
    const first = this.#countsAt(now - WINDOW) ?? this.#samples[0];
    const since = Math.max(first.moment, now - WINDOW);
    const elapsed = (now - since) / 1000;
    if (elapsed < 1) return null;
    return Object.fromEntries(COUNTS.map((name) => [name, Math.max(0, last.counts[name] - first.counts[name]) / elapsed]));
  }

  /** The rates of the last minutes, a point every two seconds: [moments, rate of each name …]. */
  series(names, now, minutes = 5) {
    const start = this.#samples[0]?.moment ?? now;
    const moments = [];
    const lines = names.map(() => []);
    for (let moment = Math.max(start, now - minutes * 60_000); moment <= now; moment += 2_000) {
      const rates = this.rates(moment);
      moments.push(moment / 1000);
      names.forEach((name, index) => lines[index].push(rates === null ? null : rates[name]));
    }
    return [moments, ...lines];
  }
}
