// Notifications of the browser for new alarms, where a person asked for them.
import { signal } from "@preact/signals";
import type { AlarmRow } from "../api/types";
import { go, place } from "../route";

const KEY = "andon.notify";
/** The least urgent priority that is told; 0: none. */
export const notifyUpTo = signal(Number(localStorage.getItem(KEY) ?? 0));

export function mayNotify(): boolean {
  return "Notification" in window && window.isSecureContext;
}

export async function askToNotify(): Promise<boolean> {
  return mayNotify() && (await Notification.requestPermission()) === "granted";
}

export function setNotifyUpTo(priority: number): void {
  notifyUpTo.value = priority;
  localStorage.setItem(KEY, String(priority));
}

/** Tell of an alarm that is new. */
export function notify(row: AlarmRow): void {
  if (row.number > 1 || row.state !== "unacknowledged" || row.priority > notifyUpTo.value || !mayNotify() || Notification.permission !== "granted") return;
  const shown = new Notification(row.name, { body: row.text, tag: row.id });
  shown.addEventListener("click", () => (window.focus(), go(place("cases", row.case))));
}
