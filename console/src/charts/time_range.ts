// The one time of a page: what all its pictures show. Live until somebody touches it; what was seen before can be gone back to.
import { batch, computed, effect, signal } from "@preact/signals";
import { iso } from "../api/http";
import { now } from "../api/clock";

const LEAST_S = 1;
export const SHIFT_S = 8 * 3600;
const HISTORY = 50;

export class TimeRange {
  readonly start = signal(0);
  readonly end = signal(0);
  readonly live = signal(true);
  /** Where the pointer is, in Unix seconds. */
  readonly cursor = signal<number | null>(null);
  readonly first = signal(0);
  readonly last = signal(0);
  readonly span = computed(() => this.end.value - this.start.value);
  private before: [number, number, boolean][] = [];

  constructor(span = SHIFT_S, from = "", to = "") {
    const [start, end] = [Date.parse(from) / 1000, Date.parse(to) / 1000];
    if (Number.isFinite(start) && Number.isFinite(end) && end > start) {
      [this.start.value, this.end.value, this.live.value] = [start, end, false];
    } else {
      [this.start.value, this.end.value] = [now.peek() - span, now.peek()];
    }
  }

  /** Follow the newest edge while live; answers how to stop. */
  follow(): () => void {
    return effect(() => {
      const at = now.value;
      if (!this.live.value) return;
      const span = this.end.peek() - this.start.peek();
      if (at - this.end.peek() < span / 800) return;
      batch(() => ([this.start.value, this.end.value] = [at - span, at]));
    });
  }

  /** Where the history begins and ends; 0 where nobody knows. */
  bounds(first: number, last: number): void {
    [this.first.value, this.last.value] = [first || 0, last || 0];
  }

  /** Show a stretch; `keep` is false for the small steps of one gesture. */
  set(start: number, end: number, keep = true): void {
    const span = Math.max(LEAST_S, end - start);
    const near = 1e-6 * span;
    // Lanes that move together all say so: once is enough.
    if (!this.live.value && Math.abs(start - this.start.value) < near && Math.abs(start + span - this.end.value) < near) return;
    if (keep) this.remember();
    batch(() => {
      [this.start.value, this.end.value, this.live.value] = [start, start + span, false];
    });
  }

  remember(): void {
    this.before = [...this.before.slice(-HISTORY), [this.start.value, this.end.value, this.live.value]];
  }

  pan(share: number, keep = true): void {
    const by = this.span.value * share;
    this.set(this.start.value + by, this.end.value + by, keep);
  }

  /** Closer (below 1) or wider, around a moment that stays where it is. */
  zoom(factor: number, around = (this.start.value + this.end.value) / 2, keep = true): void {
    const most = Math.max(60, (this.last.value || now.peek()) - (this.first.value || 0)) * 1.2;
    const f = Math.min(factor, most / this.span.value);
    if (this.live.value && around === (this.start.value + this.end.value) / 2) {
      // Live sticks: the newest edge stays.
      if (keep) this.remember();
      this.start.value = this.end.value - Math.max(LEAST_S, this.span.value * f);
      return;
    }
    this.set(around - (around - this.start.value) * f, around + (this.end.value - around) * f, keep);
  }

  /** Move the pointer by a share of what is shown: reading values without a mouse. */
  point(share: number): void {
    const at = (this.cursor.value ?? this.end.value) + share * this.span.value;
    this.cursor.value = Math.max(this.start.value, Math.min(this.end.value, at));
  }

  preset(seconds: number): void {
    if (this.live.value) {
      this.remember();
      this.start.value = this.end.value - seconds;
    } else {
      const end = Math.min(now.peek(), (this.start.value + this.end.value) / 2 + seconds / 2);
      this.set(end - seconds, end);
    }
  }

  whole(): void {
    this.set(this.first.value || this.start.value, this.last.value || this.end.value);
  }

  back(): void {
    const last = this.before.pop();
    if (last) batch(() => ([this.start.value, this.end.value, this.live.value] = last));
    else this.zoom(2);
  }

  goLive(): void {
    const span = Math.min(this.span.value, 7 * 86_400);
    batch(() => ([this.start.value, this.end.value, this.live.value] = [now.peek() - span, now.peek(), true]));
  }

  /** What the address says of it. */
  words(): Record<string, string | undefined> {
    return this.live.value ? { from: undefined, to: undefined } : { from: iso(this.start.value), to: iso(this.end.value) };
  }
}
