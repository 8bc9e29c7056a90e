// Single keys: `g a`, `j`, `?` and the others. Off while somebody types, and off for good where a person wants it (WCAG 2.1.4).
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

export const keysOn = signal(localStorage.getItem("andon.keys") !== "off");

type Press = (event: KeyboardEvent) => void;
const pressed = new Map<string, Press[]>();
let before = "";
let timer = 0;

export function switchKeys(on: boolean): void {
  keysOn.value = on;
  localStorage.setItem("andon.keys", on ? "on" : "off");
}

/** Act on a key ("j") or two ("g a") while the component stands; the youngest component wins. */
export function useKeys(keys: Record<string, Press>): void {
  const latest = useRef(keys);
  latest.current = keys;
  const names = Object.keys(keys).join("\n");
  useLayoutEffect(() => {
    const own = names.split("\n").filter(Boolean).map((key): [string, Press] => [key, (event) => latest.current[key]?.(event)]);
    for (const [key, act] of own) pressed.set(key, [...(pressed.get(key) ?? []), act]);
    return () => {
      for (const [key, act] of own) pressed.set(key, (pressed.get(key) ?? []).filter((other) => other !== act));
    };
  }, [names]);
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && !/^(checkbox|radio|range|button)$/.test(target.type));
}

export function hearKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (!keysOn.value || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
    const both = before ? `${before} ${key}` : key;
    window.clearTimeout(timer);
    before = "";
    const act = pressed.get(both)?.at(-1) ?? pressed.get(key)?.at(-1);
    if (act) {
      event.preventDefault();
      act(event);
    } else if (event.key === "g") {
      before = "g";
      timer = window.setTimeout(() => (before = ""), 1500);
    }
  });
}
