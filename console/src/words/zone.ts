// The site's clock: its distance from UTC, the moments it is set, and the form fields that speak it.
import { zone } from "./format";

const parts = new Map<string, Intl.DateTimeFormat>();

function reader(where: string): Intl.DateTimeFormat {
  let found = parts.get(where);
  if (!found) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: where, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
      second: "numeric",
    });
    parts.set(where, found);
  }
  return found;
}

/** Seconds by which the site's clock is ahead of UTC at a moment (Unix seconds). */
export function offset(at: number, where = zone.value): number {
  const whole = Math.floor(at);
  const read: Record<string, number> = {};
  for (const part of reader(where).formatToParts(whole * 1000)) read[part.type] = Number(part.value);
  const shown = Date.UTC(read["year"]!, read["month"]! - 1, read["day"]!, read["hour"]!, read["minute"]!, read["second"]!);
  return shown / 1000 - whole;
}

export interface Fold {
  at: number;
  before: number;
  after: number;
}

const known = new Map<string, Fold[]>();

/** The moments of a year at which the clock is set. */
function ofYear(year: number, where: string): Fold[] {
  const key = `${where}|${year}`;
  const cached = known.get(key);
  if (cached) return cached;
  const found: Fold[] = [];
  let left = Date.UTC(year, 0, 1) / 1000;
  const end = Date.UTC(year + 1, 0, 1) / 1000;
  let before = offset(left, where);
  while (left < end) {
    const right = Math.min(end, left + 7 * 86_400);
    const after = offset(right, where);
    if (after !== before) {
      let [low, high] = [left, right];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (offset(middle, where) === before) low = middle;
        else high = middle;
      }
      found.push({ at: Math.round(high), before, after });
    }
    [left, before] = [right, after];
  }
  known.set(key, found);
  return found;
}

/** The moments between two others at which the clock is set: the fold in autumn, the gap in spring. */
export function folds(start: number, end: number, where = zone.value): Fold[] {
  const found: Fold[] = [];
  const last = Math.min(new Date(end * 1000).getUTCFullYear(), new Date(start * 1000).getUTCFullYear() + 200);
  for (let year = new Date(start * 1000).getUTCFullYear(); year <= last; year++) {
    found.push(...ofYear(year, where).filter((fold) => fold.at > start && fold.at < end));
  }
  return found;
}

/** A moment as a field of the kind `datetime-local` has it, on the site's clock. */
export function toField(at: number): string {
  return new Date((at + offset(at)) * 1000).toISOString().slice(0, 16);
}

/** The moment that such a field means; in the hour that comes twice, the first. */
export function fromField(text: string): number {
  const shown = Date.parse(`${text}Z`) / 1000;
  const early = shown - offset(shown - 86_400);
  const late = shown - offset(shown + 86_400);
  return early + offset(early) === shown ? early : late;
}
