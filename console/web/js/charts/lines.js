// Lines over time, drawn by uPlot, with their names at their ends instead of a legend.

import { el } from "../dom.js";

const LABEL_HEIGHT = 16;
const NARROW = 480;
const FONT = "12px Inter, system-ui, sans-serif";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Moves labels apart from top to bottom, within the plot. */
export const apart = (wanted, height, top, bottom) => {
  const sorted = wanted.map((y, index) => ({ y: Math.max(top, Math.min(bottom, y)), index })).sort((a, b) => a.y - b.y);
  for (let at = 1; at < sorted.length; at += 1) sorted[at].y = Math.max(sorted[at].y, sorted[at - 1].y + height);
  for (let at = sorted.length - 1; at >= 0; at -= 1) {
    const below = at === sorted.length - 1 ? bottom : sorted[at + 1].y - height;
    sorted[at].y = Math.min(sorted[at].y, below);
  }
  const placed = [];
  for (const { y, index } of sorted) placed[index] = y;
  return placed;
};

/** Names at the ends of the lines. */
const endLabels = (series) => (plot) => {
  const ratio = devicePixelRatio;
  const { ctx, bbox } = plot;
  const ends = series.map((_, index) => plot.data[index + 1].findLast((value) => value !== null) ?? 0);
  const heights = apart(ends.map((value) => plot.valToPos(value, "y", true)), LABEL_HEIGHT * ratio, bbox.top, bbox.top + bbox.height);
  ctx.save();
  ctx.font = FONT.replace("12px", `600 ${12 * ratio}px`);
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  series.forEach(({ label, token }, index) => {
    ctx.fillStyle = colour(token);
    ctx.fillText(label, bbox.left + bbox.width + 8 * ratio, heights[index]);
  });
  ctx.restore();
};

/**
 * A chart. `series` are `{ label, token }` with a colour of the style sheet; `set` takes uPlot's form of data, seconds
 * first. `formatTime` and `formatValue` write the readout, `formatAxis` and `formatTick` the axes.
 */
export const lineChart = ({ series, height = 260, formatTime, formatValue, formatAxis, formatTick }) => {
  const readout = el("p", { class: "readout", "aria-hidden": "true" });
  const place = el("div", { class: "plot" });
  const element = el("div", { role: "img", class: "chart" }, place, readout);
  let plot = null;
  let data = null;
  let resting = "";

  const labelWidth = () => 16 + Math.max(...series.map(({ label }) => label.length)) * 7;
  const tell = (drawn) => {
    const at = drawn.cursor.idx;
    if (at === null || at === undefined || drawn.cursor.left < 0) {
      readout.textContent = resting;
      return;
    }
    const values = series.map(({ label }, index) => `${label} ${formatValue(drawn.data[index + 1][at])}`);
    readout.textContent = `${formatTime(drawn.data[0][at])}: ${values.join(" · ")}`;
  };
  const axis = (more) => ({
    stroke: () => colour("--muted"), font: FONT, labelFont: FONT, ticks: { show: false },
    grid: { stroke: () => colour("--line"), width: 1 }, ...more,
  });
  const options = (width) => ({
    width, height, padding: [10, labelWidth(), 0, 0], legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: true }, y: { range: (_, low, high) => spread(low, high) } },
    series: [{}, ...series.map(({ label, token }) => ({
      label, stroke: () => colour(token), width: 1.75, points: { show: false }, spanGaps: false,
    }))],
    axes: [
      axis({ size: 30, gap: 8, grid: { show: false }, space: width < NARROW ? 64 : 80, values: (_, moments) => moments.map(formatTick) }),
      axis({ size: 56, space: 44, values: (_, values) => values.map(formatAxis) }),
    ],
    tzDate: (moment) => globalThis.uPlot.tzDate(new Date(moment * 1000), "Etc/UTC"),
    hooks: { draw: [endLabels(series)], setCursor: [tell] },
  });
  const draw = () => {
    const width = Math.floor(place.clientWidth);
    if (data === null || width === 0) return;
    if (plot === null) plot = new globalThis.uPlot(options(width), data, place);
    else if (plot.width !== width) plot.setSize({ width, height });
  };
  const watcher = new ResizeObserver(draw);
  watcher.observe(place);
  const recolour = () => plot?.redraw(false);
  document.addEventListener("assay-theme", recolour);
  document.fonts?.ready.then(recolour);

  return {
    element,
    set: (next, summary, rest = "") => {
      data = next;
      resting = rest;
      element.setAttribute("aria-label", summary);
      if (plot === null) draw();
      else plot.setData(next);
      if (plot === null || plot.cursor.left < 0) readout.textContent = resting;
    },
    destroy: () => {
      watcher.disconnect();
      document.removeEventListener("assay-theme", recolour);
      plot?.destroy();
      plot = null;
    },
  };
};

/** From zero, or from below it where something is. */
const spread = (low, high) => {
  const top = Math.max(high ?? 0, 0);
  const bottom = Math.min(low ?? 0, 0);
  const span = top - bottom || 1;
  return [bottom === 0 ? 0 : bottom - span * 0.05, top + span * 0.08 || 1];
};
