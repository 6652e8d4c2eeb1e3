// Asking the console. Every refusal becomes an error that says what to do.

const PATIENCE = 10_000;

/** What the console refused, or why it could not be asked. `detail` is a sentence for people. */
export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
    this.detail = detail;
  }
}

const UNREACHABLE = "The console does not answer. Check that it is still running; this page tries again by itself.";

const ask = async (path, options) => {
  const signals = [AbortSignal.timeout(PATIENCE), options.signal].filter(Boolean);
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.any(signals) });
    if (response.ok) return await response.json();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refusal(0, UNREACHABLE);
  }
  const problem = await response.json().catch(() => ({}));
  const told = typeof problem.detail === "string" ? problem.detail : response.statusText;
  throw new Refusal(response.status, `${told.charAt(0).toUpperCase()}${told.slice(1)}.`.replace(/\.\.$/, "."));
};

const withQuery = (path, parameters) => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.append(name, value);
  }
  return query.size > 0 ? `${path}?${query}` : path;
};

/** One answer. */
export const get = (path, parameters = {}, signal = undefined) =>
  ask(withQuery(path, parameters), { signal, headers: { accept: "application/json" } });

/** The rows of a list, over as many pages as are allowed; `more` is the next page's path where there are more. */
export const list = async (path, parameters = {}, { signal, pages = 1 } = {}) => {
  const items = [];
  let next = withQuery(path, parameters);
  for (let page = 0; page < pages && next !== null; page += 1) {
    const answer = await ask(next, { signal, headers: { accept: "application/json" } });
    items.push(...answer.items);
    next = onThisConsole(answer.next);
  }
  return { items, more: next };
};

/** The page after: what `list` gave as `more`. */
export const follow = (path, signal) => list(path, {}, { signal });

const onThisConsole = (path) => (typeof path === "string" && /^\/(?!\/)/.test(path) ? path : null);

/** Asks for a run; answers the run. */
export const requestRun = (token) => {
  const headers = { accept: "application/json", "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  return ask("/run-etl", { method: "POST", headers, body: '{"mode":"drain"}' });
};
