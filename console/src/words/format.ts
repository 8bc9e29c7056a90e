// Numbers, moments and durations as the reader's language and the site's clock have them.
import { signal } from "@preact/signals";
import { language } from "./say";

/** IANA zone of the site; UTC until the session says. */
export const zone = signal("UTC");

/** British English: day before month, and the clock of 24 hours. */
const locale = (): string => (language.value === "en" ? "en-GB" : language.value);
const made = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function dates(options: Intl.DateTimeFormatOptions, where = zone.value): Intl.DateTimeFormat {
  const key = `${language.value}|${where}|${JSON.stringify(options)}`;
  const found = made.get(key) ?? new Intl.DateTimeFormat(locale(), { timeZone: where, hourCycle: "h23", ...options });
  made.set(key, found);
  return found as Intl.DateTimeFormat;
}

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language.value}|${JSON.stringify(options)}`;
  const found = made.get(key) ?? new Intl.NumberFormat(locale(), options);
  made.set(key, found);
  return found as Intl.NumberFormat;
}

/** A number with at most four significant digits, a dash where there is none. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return numbers({}).format(0); // never "-0"
  return numbers(Math.abs(value) >= 10 ** digits ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits }).format(value);
}

export function fixed(value: number, digits: number): string {
  return numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A count where room is scarce: 4,901 as 4.9K. */
export function shortCount(value: number): string {
  return numbers(value < 1000 ? {} : { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

export function percent(share: number | null | undefined, digits = 0): string {
  return share === null || share === undefined ? "–" : numbers({ style: "percent", maximumFractionDigits: digits }).format(share);
}

/** A number and its unit, with a space that does not break. */
export function quantity(value: number | null | undefined, unit: string, digits = 4): string {
  return unit ? `${number(value, digits)}\u00a0${unit}` : number(value, digits);
}

const STEPS: [number, string][] = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** A duration in at most two units: "2 hr 5 min". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  let rest = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [width, unit] of STEPS) {
    const whole = Math.floor(rest / width);
    if (whole === 0 && !(width === 1 && parts.length === 0)) {
      if (parts.length) break;
      continue;
    }
    parts.push(numbers({ style: "unit", unit, unitDisplay: "short" }).format(whole));
    rest -= whole * width;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** Several things as a sentence lists them. */
export function list(items: string[]): string {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(items);
}

export function seconds(moment: string): number {
  return Date.parse(moment) / 1000;
}

/** Day and minute at the site. */
export function moment(at: string | number, precise = false): string {
  const when = typeof at === "number" ? at * 1000 : Date.parse(at);
  if (!Number.isFinite(when)) return "–";
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...(precise ? { second: "2-digit" } : {}) };
  return dates({ year: "numeric", month: "short", day: "numeric", ...time }).format(when);
}

/** The minute alone where it is of today, else with its day. */
export function shortly(at: string | number, now: number): string {
  const when = typeof at === "number" ? at : seconds(at);
  if (!Number.isFinite(when)) return "–";
  const today = dates({ year: "numeric", month: "numeric", day: "numeric" });
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  if (today.format(when * 1000) === today.format(now * 1000)) return dates(clock).format(when * 1000);
  return dates({ month: "short", day: "numeric", ...clock }).format(when * 1000);
}

export function clock(at: number): string {
  if (!Number.isFinite(at)) return "–";
  return dates({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at * 1000);
}

export function day(at: string | number): string {
  const when = typeof at === "number" ? at * 1000 : Date.parse(at);
  return Number.isFinite(when) ? dates({ year: "numeric", month: "short", day: "numeric" }).format(when) : "–";
}

/** For hovering: the same moment in UTC. */
export function utc(at: string | number): string {
  const when = typeof at === "number" ? at * 1000 : Date.parse(at);
  return Number.isFinite(when) ? `${new Date(when).toISOString().slice(0, 19).replace("T", " ")} UTC` : "";
}

/** Text of the axis at a moment: `options` say how fine. */
export function tick(at: number, options: Intl.DateTimeFormatOptions): string {
  return dates(options).format(at * 1000);
}
