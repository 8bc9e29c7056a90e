// Where the time axis has its marks, on the site's clock: round moments, the hour that comes twice shown twice.
import { tick, zone } from "../words/format";
import { language } from "../words/say";
import { folds, offset } from "../words/zone";

export interface Tick {
  at: number;
  text: string;
  /** A date among times, a year among months. */
  strong: boolean;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const STEPS = [
  1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY,
  5 * DAY, 7 * DAY, 14 * DAY,
];

/** Stretches in which the clock is not set, each with its distance from UTC. */
function stretches(start: number, end: number): { from: number; to: number; ahead: number }[] {
  const found = folds(start, end);
  const edges = [start, ...found.map((fold) => fold.at), end];
  return edges.slice(0, -1).map((from, place) => ({ from, to: edges[place + 1]!, ahead: offset(from) }));
}

function label(at: number, step: number, zoned: boolean): Tick {
  const shown = at + offset(at);
  const midnight = shown % DAY === 0;
  if (step >= DAY || midnight) return { at, text: tick(at, { month: "short", day: "numeric" }), strong: step < DAY };
  const fine: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...(step < MINUTE ? { second: "2-digit" } : {}) };
  return { at, text: tick(at, zoned ? { ...fine, timeZoneName: "short" } : fine), strong: false };
}

function months(start: number, end: number, most: number): Tick[] {
  const from = new Date((start + offset(start)) * 1000);
  const count = (end - start) / (30 * DAY);
  const step = [1, 3, 6, 12, 24, 60].find((months) => count / months <= most) ?? 120;
  const out: Tick[] = [];
  for (let month = Math.ceil((from.getUTCFullYear() * 12 + from.getUTCMonth()) / step) * step; ; month += step) {
    const shown = Date.UTC(Math.floor(month / 12), month % 12, 1) / 1000;
    const at = shown - offset(shown);
    if (at > end) return out;
    const january = month % 12 === 0;
    if (at >= start) out.push({ at, text: tick(at, january ? { year: "numeric" } : { month: "short" }), strong: january });
  }
}

let last: { key: string; marks: Tick[] } = { key: "", marks: [] };

/** At most about `most` marks between two moments; lanes of one page ask the same, so the last answer is kept. */
export function ticks(start: number, end: number, most: number): Tick[] {
  const key = `${start}|${end}|${Math.round(most)}|${zone.value}|${language.value}`;
  if (last.key !== key) last = { key, marks: made(start, end, Math.round(most)) };
  return last.marks;
}

function made(start: number, end: number, most: number): Tick[] {
  const step = STEPS.find((seconds) => (end - start) / seconds <= most);
  if (step === undefined) return months(start, end, most);
  const parts = stretches(start, end);
  const out: Tick[] = [];
  for (const { from, to, ahead } of parts) {
    for (let at = Math.ceil((from + ahead) / step) * step - ahead; at < to; at += step) {
      const near = parts.length > 1 && step < DAY && parts.some((part) => part.from !== start && Math.abs(part.from - at) <= 2 * step);
      out.push(label(at, step, near));
    }
  }
  // Where the clock is set two marks may come close: the later one is kept.
  return out.filter((mark, place) => !(out[place + 1] && out[place + 1]!.at - mark.at < 0.75 * step));
}
