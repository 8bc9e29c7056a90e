// One lane of the time axis: a line with its extremes, over its band, with limits, dots, and the spans behind.
import { effect } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Span } from "../api/types";
import { number } from "../words/format";
import { folds } from "../words/zone";
import { colour, hatch, theme } from "./paint";
import { ticks } from "./ticks";
import type { TimeRange } from "./time_range";

type Values = (number | null)[];

export interface LaneData {
  time: number[];
  low: Values;
  high: Values;
  mean: Values;
  bandLow?: Values;
  bandHigh?: Values;
  dots?: { time: number[]; value: number[] };
  limits?: { at: number; text: string; hot?: boolean }[];
}

interface Props {
  range: TimeRange;
  data: LaneData;
  spans: Span[];
  title: string;
  /** The lane in words, for those who do not see it. */
  label: string;
  unit?: string;
  height?: number;
  fromZero?: boolean;
}

/** Text on canvases grows with the page's. */
const REM = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
export const GUTTER = Math.round(60 * REM);
export const MARK_PX = 110 * REM;
const SYNC = uPlot.sync("time");

export function Lane({ range, data, spans, title, label, unit = "", height = Math.round(112 * REM), fromZero = false }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ data, spans });
  latest.current = { data, spans };
  const id = useId();

  useEffect(() => {
    const element = box.current!;
    const chart = new uPlot(options(element.clientWidth, height, range, latest, fromZero), columns(latest.current.data), element);
    plot.current = chart;
    chart.over.addEventListener("dblclick", () => range.back());
    let asked = 0;
    let inSight = true;
    const follow = (): void => {
      cancelAnimationFrame(asked);
      if (inSight) asked = requestAnimationFrame(() => chart.setScale("x", { min: range.start.peek(), max: range.end.peek() }));
    };
    const stop = effect(() => {
      range.start.value + range.end.value + theme.value;
      follow();
    });
    const point = effect(() => {
      const at = range.cursor.value;
      const left = at === null ? -10 : chart.valToPos(at, "x");
      if (Math.abs(left - (chart.cursor.left ?? -10)) > 1) chart.setCursor({ left, top: 4 }, false);
    });
    // A lane that nobody sees is drawn when it comes into sight.
    const sight = new IntersectionObserver(([entry]) => {
      inSight = entry?.isIntersecting ?? true;
      follow();
    });
    sight.observe(element);
    const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      stop();
      point();
      cancelAnimationFrame(asked);
      watch.disconnect();
      sight.disconnect();
      chart.destroy();
    };
  }, [range, height, fromZero]);

  useEffect(() => {
    const chart = plot.current;
    if (!chart) return;
    chart.setData(columns(data), false);
    chart.setScale("x", { min: range.start.peek(), max: range.end.peek() });
  }, [data, spans]);

  return (
    <figure class="lane" aria-labelledby={id}>
      <figcaption id={id}>
        <span class="lanetitle">{title}</span>
        <Readout range={range} data={data} unit={unit} />
      </figcaption>
      <div class="plot" ref={box} role="img" aria-label={label} style={{ height: `${height}px` }} />
    </figure>
  );
}

function Readout({ range, data, unit }: { range: TimeRange; data: LaneData; unit: string }) {
  const at = range.cursor.value ?? Math.min(range.end.value, data.time.at(-1) ?? 0);
  const place = nearest(data.time, at);
  const value = place < 0 ? null : data.mean[place] ?? null;
  if (value === null) return <span class="readout">–</span>;
  const [low, high] = [data.bandLow?.[place] ?? null, data.bandHigh?.[place] ?? null];
  return (
    <span class="readout">
      <b>{number(value)}</b> {unit}
      {low !== null && high !== null && <small> {number(low)}–{number(high)}</small>}
    </span>
  );
}

/** The place of the time nearest to a moment, -1 where there is none. */
export function nearest(times: number[], at: number): number {
  let [low, high] = [0, times.length - 1];
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! < at) low = middle;
    else high = middle;
  }
  return Math.abs(times[low]! - at) <= Math.abs(times[high]! - at) ? low : high;
}

function columns(data: LaneData): uPlot.AlignedData {
  const fit = (values: Values | undefined): Values => (values?.length === data.time.length ? values : new Array<null>(data.time.length).fill(null));
  return [data.time, fit(data.bandLow), fit(data.bandHigh), data.low, data.high, data.mean] as uPlot.AlignedData;
}

type Latest = { current: { data: LaneData; spans: Span[] } };

function options(width: number, height: number, range: TimeRange, latest: Latest, fromZero: boolean): uPlot.Options {
  const quiet = { points: { show: false }, stroke: "transparent", width: 0 };
  return {
    width, height, legend: { show: false }, padding: [6, 0, 4, 0], ms: 1e-3,
    scales: {
      x: { time: false },
      y: {
        range: (_, min, max) => {
          const limits = (latest.current.data.limits ?? []).map((limit) => limit.at);
          const [least, most] = [Math.min(fromZero ? 0 : Infinity, min ?? 0, ...limits), Math.max(max ?? 1, ...limits)];
          const pad = (most - least) * 0.08 || Math.abs(most) * 0.05 || 1;
          return [fromZero ? Math.min(0, least) : least - pad, most + pad];
        },
      },
    },
    axes: [
      { show: true, size: 0, ticks: { show: false }, values: () => [], grid: { stroke: () => colour("line"), width: 1 },
        splits: (u) => ticks(u.scales["x"]!.min!, u.scales["x"]!.max!, Math.max(2, (u.width - GUTTER) / MARK_PX)).map((mark) => mark.at) },
      { size: GUTTER, gap: 4, space: 28 * REM, stroke: () => colour("ink-3"), font: `${12 * REM}px system-ui, sans-serif`, ticks: { show: false },
        grid: { stroke: () => colour("line"), width: 1 }, values: (_, marks) => marks.map((mark) => number(mark)) },
    ],
    series: [
      {}, quiet, quiet, quiet, quiet,
      { stroke: () => colour("measured"), width: 1, points: { show: false } },
    ],
    bands: [
      { series: [2, 1], fill: () => colour("band"), dir: -1 },
      { series: [4, 3], fill: () => `color-mix(in srgb, ${colour("measured")} 32%, transparent)`, dir: -1 },
    ],
    cursor: {
      y: false, sync: { key: SYNC.key, setSeries: false, scales: ["x", null] }, points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 4 }, bind: { dblclick: () => null },
    },
    hooks: {
      setSelect: [(u) => {
        if (u.select.width > 3) range.set(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      }],
      setCursor: [(u) => {
        const left = u.cursor.left ?? -1;
        const at = left < 0 ? null : u.posToVal(left, "x");
        if (at === null || range.cursor.peek() === null || Math.abs(at - range.cursor.peek()!) > 1e-6 * range.span.peek()) range.cursor.value = at;
      }],
      drawClear: [(u) => behind(u, latest.current.spans)],
      draw: [(u) => before(u, latest.current.data)],
    },
  };
}

/** Spans behind the line: hatched where nobody could judge, soft where an event stood open. */
function behind(u: uPlot, spans: Span[]): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const span of spans) {
    const left = u.valToPos(span.start, "x", true);
    const right = u.valToPos(span.end ?? u.scales["x"]!.max!, "x", true);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = span.kind === "event" ? colour(`state-${span.priority ?? 4}-soft`) : span.kind === "cannot_judge" ? hatch(ctx, devicePixelRatio) : colour("sunken");
    ctx.fillRect(left, bbox.top, Math.max(right - left, 1), bbox.height);
  }
  ctx.restore();
}

/** Limits, laboratory dots and the moment the clock is set, before the line. */
function before(u: uPlot, data: LaneData): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = ratio;
  ctx.font = `${11 * REM * ratio}px system-ui, sans-serif`;
  for (const limit of data.limits ?? []) {
    const y = u.valToPos(limit.at, "y", true);
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ctx.strokeStyle = colour(limit.hot ? "state-2" : "ink-3");
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    ctx.fillStyle = colour("ink-2");
    ctx.textAlign = "right";
    ctx.fillText(limit.text, bbox.left + bbox.width - 4 * ratio, y - 3 * ratio);
  }
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.strokeStyle = colour("accent");
  for (const fold of folds(u.scales["x"]!.min!, u.scales["x"]!.max!)) {
    const x = u.valToPos(fold.at, "x", true);
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
  }
  ctx.setLineDash([]);
  ctx.fillStyle = colour("surface");
  ctx.strokeStyle = colour("measured");
  ctx.lineWidth = 1.5 * ratio;
  data.dots?.time.forEach((at, place) => {
    ctx.beginPath();
    ctx.arc(u.valToPos(at, "x", true), u.valToPos(data.dots!.value[place]!, "y", true), 3.5 * ratio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  });
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}
