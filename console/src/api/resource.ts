// What a page asks for: kept while it is asked again, so that nothing flickers; a skeleton only after 300 ms.
import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get } from "./http";
import { renewed } from "./live";

export interface Resource<T> {
  data: Signal<T | undefined>;
  problem: Signal<Error | undefined>;
  /** True once an answer is late enough that a skeleton helps. */
  late: Signal<boolean>;
  reload(): void;
}

const LATE_MS = 300;
const KEPT = 40;
const seen = new Map<string, unknown>();

function remember(path: string, data: unknown): void {
  seen.delete(path);
  seen.set(path, data);
  for (const oldest of seen.keys()) {
    if (seen.size <= KEPT) break;
    seen.delete(oldest);
  }
}

/** Forget all answers: somebody else signs in. */
export function forget(): void {
  seen.clear();
}

/** The answer to `GET path`, asked again whenever the path changes or the link was renewed. Without a path nothing is asked. */
export function useResource<T>(path: string | null, keep = false): Resource<T> {
  const own = useMemo(() => new Asked<T>(), []);
  if (path !== null && own.path !== path) {
    const kept = seen.get(path) as T | undefined;
    if (kept !== undefined || !keep) own.data.value = kept;
    own.problem.value = undefined;
    own.path = path;
  }
  const again = renewed.value + own.turn.value;
  useEffect(() => (path === null ? own.end() : own.ask(path)), [path, again]);
  useEffect(() => () => own.end(), []);
  return own;
}

/** One question at a time: a page that is told to look again while its answer is under way looks again after it, or it would never see one. */
class Asked<T> implements Resource<T> {
  readonly data = signal<T | undefined>(undefined);
  readonly problem = signal<Error | undefined>(undefined);
  readonly late = signal(false);
  readonly turn = signal(0);
  path = "";
  private under: { path: string; again: boolean; stop: AbortController } | undefined;

  readonly reload = (): void => void (this.turn.value += 1);

  end(): void {
    this.under?.stop.abort();
    this.under = undefined;
  }

  ask(path: string): void {
    if (this.under?.path === path) return void (this.under.again = true);
    this.end();
    const mine = { path, again: false, stop: new AbortController() };
    this.under = mine;
    const { signal: stopped } = mine.stop;
    const timer = window.setTimeout(() => (this.late.value = true), LATE_MS);
    void get<T>(path, stopped)
      .then((data) => {
        remember(path, data);
        if (!stopped.aborted) [this.data.value, this.problem.value] = [data, undefined];
      })
      .catch((error: unknown) => {
        if (!stopped.aborted) this.problem.value = error as Error;
      })
      .finally(() => {
        window.clearTimeout(timer);
        if (stopped.aborted) return;
        this.late.value = false;
        this.under = undefined;
        if (mine.again) this.ask(path);
      });
  }
}
