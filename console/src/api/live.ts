// The live stream: server-sent events read with fetch, so that a new connection can resume with Last-Event-ID; else polling.
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { session } from "./http";
import type { Live } from "./types";

export type Link = "connecting" | "live" | "lost" | "polling";

export const link = signal<Link>("connecting");
/** Unix seconds since when the link is gone. */
export const lostSince = signal(0);
/** Grows whenever everything on the page should be asked again: after a gap, and at each poll. */
export const renewed = signal(0);

type Hearer = (data: Record<string, unknown>) => void;
const hearers = new Map<string, Set<Hearer>>();

const SILENCE_MS = 40_000; // the service says at least a comment every 15 s
const POLL_MS = 10_000;
const MOST_PAUSE_MS = 5_000;
const REPLAYED_S = 60; // after a longer gap the page asks again instead of replaying

let last = "";
let running: AbortController | undefined;

/** Hear one kind of message; answers how to stop. */
export function hear(what: string, hearer: Hearer): () => void {
  const set = hearers.get(what) ?? new Set();
  hearers.set(what, set.add(hearer));
  return () => void set.delete(hearer);
}

/** Hear one kind of message while the component stands. */
export function useLive(what: string, hearer: Hearer): void {
  const latest = useRef(hearer);
  latest.current = hearer;
  useLayoutEffect(() => hear(what, (data) => latest.current(data)), [what]);
}

function tell(text: string, name: string): void {
  // Too much was missed to be told again: everything on the page is asked anew.
  if (name === "reload") renewed.value += 1;
  const data = JSON.parse(text) as Live["data"];
  for (const hearer of hearers.get(name) ?? []) hearer(data);
}

/** Messages of a stream of text, as the specification of server-sent events has them. */
export class Messages {
  private rest = "";
  private data: string[] = [];
  private name = "";
  private id: string | undefined;

  constructor(private readonly heard: (data: string, name: string, id: string | undefined) => void) {}

  take(text: string): void {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === "") {
      if (this.data.length || this.id !== undefined) this.heard(this.data.join("\n"), this.name, this.id);
      [this.data, this.name] = [[], ""];
      return;
    }
    const colon = line.indexOf(":");
    const [field, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (field === "data") this.data.push(value);
    else if (field === "event") this.name = value;
    else if (field === "id") this.id = value;
  }
}

function connected(): void {
  const gap = lostSince.value ? Date.now() / 1000 - lostSince.value : 0;
  if (gap > REPLAYED_S || (gap && !last)) renewed.value += 1;
  [link.value, lostSince.value] = ["live", 0];
}

function lost(): void {
  if (!lostSince.value) lostSince.value = Date.now() / 1000;
  if (link.value !== "polling") link.value = "lost";
}

async function listen(stop: AbortSignal): Promise<"refused" | "ended"> {
  const own = new AbortController();
  const end = (): void => own.abort();
  stop.addEventListener("abort", end);
  let silence = window.setTimeout(end, SILENCE_MS);
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
    const response = await fetch("/api/v1/live", { headers, credentials: "same-origin", cache: "no-store", signal: own.signal });
    if (response.status === 401) session.value = null;
    if (!response.ok || !response.body || !response.headers.get("Content-Type")?.includes("event-stream")) return "refused";
    connected();
    const messages = new Messages((data, name, id) => {
      if (id !== undefined) last = id;
      if (data) tell(data, name);
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "ended";
      window.clearTimeout(silence);
      silence = window.setTimeout(end, SILENCE_MS);
      messages.take(value);
    }
  } catch {
    return "ended";
  } finally {
    window.clearTimeout(silence);
    stop.removeEventListener("abort", end);
  }
}

function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = window.setTimeout(done, milliseconds);
    stop.addEventListener("abort", () => (window.clearTimeout(timer), done()), { once: true });
    window.addEventListener("online", () => done(), { once: true });
  });
}

/** Whether the service answers at all. */
async function answers(): Promise<boolean> {
  try {
    return (await fetch("/api/v1/session", { credentials: "same-origin", cache: "no-store" })).status < 500;
  } catch {
    return false;
  }
}

/** Keep the stream until `hangUp`; where streams are refused but the service answers, ask every ten seconds. */
export async function keepLive(): Promise<void> {
  hangUp();
  const own = new AbortController();
  running = own;
  let tries = 0;
  while (!own.signal.aborted) {
    const how = await listen(own.signal);
    if (own.signal.aborted) return;
    if (link.value === "live") tries = 0;
    if (how === "refused" && (await answers())) {
      if (link.value !== "polling" || lostSince.value) [link.value, lostSince.value] = ["polling", 0];
      renewed.value += 1;
      await pause(POLL_MS, own.signal);
      continue;
    }
    if (link.value === "polling") link.value = "lost";
    lost();
    tries += 1;
    await pause(Math.min(MOST_PAUSE_MS, 500 * 2 ** Math.min(tries, 5)) * (0.7 + 0.6 * Math.random()), own.signal);
  }
}

export function hangUp(): void {
  running?.abort();
  running = undefined;
  [link.value, lostSince.value, last] = ["connecting", 0, ""];
}
