// All tests, in one process and one after the other: they share one pipeline, and some of them stop parts of it.

import { after, before, describe } from "node:test";

import { launch } from "./browser.js";
import { Pipeline } from "./pipeline.js";
import { accessibility } from "./tests/accessibility.js";
import { figures } from "./tests/figures.js";
import { hostile } from "./tests/hostile.js";
import { images } from "./tests/images.js";
import { live } from "./tests/live.js";
import { looks } from "./tests/looks.js";
import { opening } from "./tests/opening.js";
import { runs } from "./tests/runs.js";
import { states } from "./tests/states.js";
import { empty } from "./tests/empty.js";
import { fillShop } from "./shop.js";

const world = { pipeline: null, browser: null };

before(async () => {
  world.pipeline = await Pipeline.start();
  world.browser = await launch();
}, { timeout: 180_000 });

after(async () => {
  await world.browser?.close();
  await world.pipeline?.end();
});

describe("an empty warehouse", () => empty(world));
describe("a shop's warehouse", () => {
  before(() => fillShop(world.pipeline), { timeout: 300_000 });
  describe("opening", () => opening(world));
  describe("figures", () => figures(world));
  describe("hostile names", () => hostile(world));
  describe("looks", () => looks(world));
  describe("accessibility", () => accessibility(world));
  describe("images", () => images(world));
  describe("live", () => live(world));
  describe("runs", () => runs(world));
  describe("states", () => states(world));
});
