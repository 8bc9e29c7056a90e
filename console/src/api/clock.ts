// The service's clock, once a second; a wrong clock in a terminal must not shift what it shows.
import { signal } from "@preact/signals";

let ahead = 0;

/** Unix seconds, moving. */
export const now = signal(Date.now() / 1000);
/** The same, moving once a minute: for ages. */
export const minute = signal(Date.now() / 1000);

export function setClock(at: string): void {
  ahead = Date.parse(at) / 1000 - Date.now() / 1000;
  beat();
}

function beat(): void {
  now.value = Date.now() / 1000 + ahead;
  if (Math.abs(now.value - minute.value) >= 60) minute.value = now.value;
}

window.setInterval(beat, 1000);
