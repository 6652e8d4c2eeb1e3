// The whole pipeline for the tests: run below `local-stack run`, which has started PostgreSQL and Kafka and says where.

import { execFile, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../../..");
const BINARIES = join(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug");
const LOGS = join(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "browser-test");
const ROLES = ["bronze_writer", "transformer", "dashboard_reader", "console"];
const TOPIC = "ecommerce.transactions";

const run = promisify(execFile);
const owner = new URL(process.env.ASSAY_MIGRATOR_URL ?? "postgresql://nobody@localhost/none");

const urlOf = (role) => {
  const url = new URL(owner);
  url.username = role;
  return url.href;
};

const freePort = () => new Promise((found, failed) => {
  const server = createServer().once("error", failed).listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => found(port));
  });
});

/** Waits until something is so, or says what was waited for. */
export const until = async (what, isSo, longest = 60_000) => {
  const end = Date.now() + longest;
  for (;;) {
    const found = await isSo();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${longest} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
};

/** Runs a statement as the owner; the password is told by the environment, so that no failure prints it. */
export const execute = (statement) => run("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement], {
  maxBuffer: 1 << 26,
  env: { ...process.env, PGHOST: owner.hostname, PGPORT: owner.port, PGDATABASE: owner.pathname.slice(1), PGUSER: owner.username,
    PGPASSWORD: decodeURIComponent(owner.password) },
});

/** The rows of a query, as the owner. */
export const sql = async (query) => JSON.parse((await execute(`SELECT coalesce(json_agg(q), '[]') FROM (${query}) AS q`)).stdout);

export class Pipeline {
  #running = new Map();

  /** An empty, migrated warehouse, and the services. */
  static async start() {
    if (!process.env.ASSAY_MIGRATOR_URL) throw new Error("ASSAY_MIGRATOR_URL is not set: run `make browser-test`");
    mkdirSync(LOGS, { recursive: true });
    const pipeline = new Pipeline();
    const passwords = Object.fromEntries(ROLES.map((role) => [`${role.toUpperCase()}_PASSWORD`, decodeURIComponent(owner.password)]));
    await run(join(BINARIES, "transformer"), ["migrate"], { env: { ...process.env, DATABASE_URL: owner.href, ...passwords } });
    pipeline.spawn("consumer", ["run"], { DATABASE_URL: urlOf("bronze_writer") });
    pipeline.spawn("transformer", ["run"], { DATABASE_URL: urlOf("transformer") });
    pipeline.port = await freePort();
    await pipeline.startConsole();
    return pipeline;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async startConsole(environment = {}) {
    this.spawn("console", ["serve", "--listen", `127.0.0.1:${this.port}`],
      { DATABASE_URL: urlOf("dashboard_reader"), CONSOLE_DATABASE_URL: urlOf("console"), ...environment });
    await until("the console answers", () => fetch(`${this.url}/session`).then((answer) => answer.ok, () => false));
  }

  /** Starts a service in the background; its log is in target/browser-test. */
  spawn(service, args, environment = {}) {
    const log = createWriteStream(join(LOGS, `${service}.log`), { flags: "a" });
    const child = spawn(join(BINARIES, service), args, {
      env: { ...process.env, KAFKA_TOPIC: TOPIC, ...environment }, stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once("exit", () => this.#running.delete(service));
    this.#running.set(service, child);
    return child;
  }

  /** Stops one service and waits for its end. */
  stop(service, signal = "SIGTERM") {
    const child = this.#running.get(service);
    if (child === undefined) return undefined;
    return new Promise((done) => {
      child.once("exit", done);
      child.kill(signal);
    });
  }

  /** Sends events and waits until they are sent. */
  async produce(...args) {
    await run(join(BINARIES, "producer"), args, { env: { ...process.env, KAFKA_TOPIC: TOPIC }, maxBuffer: 1 << 26 });
  }

  /** Until nothing waits between bronze and gold, and something is there. */
  async drained(atLeast) {
    await until(`gold holds all of ${atLeast} records`, async () => {
      const [row] = await sql(`SELECT coalesce(sum(bronze_records), 0) AS bronze, coalesce(sum(pending), 0) AS pending,
        (SELECT count(*) FROM ops.silver_batches WHERE gold_batch_id IS NULL) AS unfolded FROM ops.ledger`);
      return row.bronze >= atLeast && row.pending === 0 && row.unfolded === 0;
    }, 240_000);
  }

  async end() {
    for (const service of [...this.#running.keys()].reverse()) await this.stop(service);
  }
}
