// The answer to "what happened in this stretch": asked with a margin, so that a hand that moves finds the picture there already.
import { effect, signal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { address, get, iso } from "../api/http";
import { renewed } from "../api/live";
import type { Trend } from "../api/types";
import type { TimeRange } from "./time_range";

const MARGIN = 0.5;
const REST_MS = 90;
/** So long at most a picture that covers what is seen stands while the time moves on. */
const MOST_MS = 1000;

export interface Trends {
  data: Signal<Trend | undefined>;
  problem: Signal<Error | undefined>;
  late: Signal<boolean>;
  reload(): void;
}

export function useTrend(asset: string, range: TimeRange, tags: string[], points: number): Trends {
  const own = useMemo(() => {
    const turn = signal(0);
    return { data: signal<Trend>(), problem: signal<Error>(), late: signal(false), turn, reload: () => void (turn.value += 1) };
  }, [asset]);
  const names = tags.join("\u0000");
  useEffect(() => {
    if (!points) return;
    let stop: AbortController | undefined;
    let timer = 0;
    let moved = 0;
    let again = false;
    let loaded: { start: number; end: number } | undefined;

    async function load(): Promise<void> {
      moved = 0;
      if (stop) return void (again = true); // an answer that is under way is waited for: a window that runs on would never see one
      const [start, end, span] = [range.start.peek(), range.end.peek(), range.span.peek()];
      const mine = (stop = new AbortController());
      const late = window.setTimeout(() => (own.late.value = true), 300);
      const wide = { start: start - MARGIN * span, end: end + MARGIN * span };
      try {
        const query = { start: iso(wide.start), end: iso(wide.end), points: Math.round(points * (1 + 2 * MARGIN)), tags };
        const trend = await get<Trend>(address(["assets", asset, "trend"], query), mine.signal);
        loaded = wide;
        [own.data.value, own.problem.value] = [trend, undefined];
      } catch (error) {
        if (!mine.signal.aborted) own.problem.value = error as Error;
      } finally {
        window.clearTimeout(late);
        own.late.value = false;
        stop = undefined;
        if (again && !mine.signal.aborted) soon();
        again = false;
      }
    }

    /** Where the picture in hand still covers what is seen, wait until the hand rests, but not for ever; else ask soon. */
    function soon(): void {
      window.clearTimeout(timer);
      const [from, to] = [range.start.peek(), range.end.peek()];
      const width = loaded ? loaded.end - loaded.start : 0;
      const near = loaded && from >= loaded.start && to <= loaded.end && (to - from) * 3.2 > width;
      moved ||= performance.now();
      const rest = near ? 4 * REST_MS : loaded ? REST_MS : 0;
      const most = near ? MOST_MS : 2 * REST_MS;
      timer = window.setTimeout(() => void load(), Math.min(rest, Math.max(0, moved + most - performance.now())));
    }

    const end = effect(() => {
      range.start.value + range.end.value + renewed.value + own.turn.value;
      soon();
    });
    return () => {
      end();
      window.clearTimeout(timer);
      stop?.abort();
    };
  }, [asset, range, names, points]);
  return own;
}
