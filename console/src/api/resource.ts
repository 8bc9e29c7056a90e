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
  const own = useMemo(() => {
    const turn = signal(0);
    return {
      data: signal<T | undefined>(undefined), problem: signal<Error | undefined>(undefined), late: signal(false), turn, path: "",
      reload: () => void (turn.value += 1),
    };
  }, []);
  if (path !== null && own.path !== path) {
    const kept = seen.get(path) as T | undefined;
    if (kept !== undefined || !keep) own.data.value = kept;
    own.problem.value = undefined;
    own.path = path;
  }
  const again = renewed.value + own.turn.value;
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    const timer = window.setTimeout(() => (own.late.value = true), LATE_MS);
    get<T>(path, stop.signal)
      .then((data) => {
        remember(path, data);
        [own.data.value, own.problem.value] = [data, undefined];
      })
      .catch((error: unknown) => {
        if (!stop.signal.aborted) own.problem.value = error as Error;
      })
      .finally(() => {
        window.clearTimeout(timer);
        if (!stop.signal.aborted) own.late.value = false;
      });
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [path, again]);
  return own;
}
