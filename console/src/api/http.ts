// Requests: one shape of error, the CSRF header and an idempotency key on everything that changes something.
import { signal } from "@preact/signals";
import { say } from "../words/say";
import type { Problem, Session } from "./types";

export const session = signal<Session | null | undefined>(undefined); // undefined: not known yet

export class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super([problem.detail || problem.title, problem.do].filter(Boolean).join(" "));
    this.problem = problem;
  }
}

/** The link itself is gone: no answer at all. */
export class Unreachable extends Error {}

const ROOT = "/api/v1";
const AGAIN_MS = 400;

type Word = string | number | string[] | undefined;

/** An address of the API from parts that may hold anything; a list is a word given several times. */
export function address(parts: string[], query: Record<string, Word> = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== "") words.append(name, String(one));
  }
  const tail = words.toString();
  return `/${parts.map(encodeURIComponent).join("/")}${tail ? `?${tail}` : ""}`;
}

/** A moment as the wire has it; empty where it is none. */
export function iso(seconds: number): string {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return "";
  return new Date(seconds * 1000).toISOString();
}

function once(): string {
  // crypto.randomUUID exists in secure contexts alone; a plant may serve plain HTTP on its own net.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The answer of the service; asked once more where the link broke, which the same idempotency key makes safe. */
async function sent(url: string, request: RequestInit, again = true): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    if (!again) throw new Unreachable(say("link.nothing_yet"));
    await new Promise((done) => window.setTimeout(done, AGAIN_MS));
    return sent(url, request, false);
  }
}

async function answer<T>(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") {
    headers["Content-Type"] = "application/json";
    headers["Idempotency-Key"] = once();
    if (session.value) headers["X-CSRF-Token"] = session.value.csrf;
  }
  const request: RequestInit = { method, headers, credentials: "same-origin", ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal ? { signal } : {}) };
  const response = await sent(ROOT + path, request);
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  if (response.status === 401 && session.value) session.value = null;
  const said = (await response.json().catch(() => ({}))) as Partial<Problem>;
  throw new Refusal({ type: "about:blank", detail: "", at: "", do: "", errors: [], ...said, title: said.title ?? response.statusText, status: response.status });
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => answer<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => answer<T>("POST", path, body);
export const put = <T>(path: string, body: unknown): Promise<T> => answer<T>("PUT", path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => answer<T>("PATCH", path, body);
export const remove = <T>(path: string): Promise<T> => answer<T>("DELETE", path, undefined);

const RANK = ["viewer", "operator", "engineer", "administrator"];

/** Whether the person may do what a role may. */
export function may(role: string): boolean {
  return session.value ? RANK.indexOf(session.value.role) >= RANK.indexOf(role) : false;
}
