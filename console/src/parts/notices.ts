// Short messages about what was done or refused; they stay until read where something failed.
import { signal } from "@preact/signals";

export interface Notice {
  number: number;
  text: string;
  bad: boolean;
}

export const notices = signal<Notice[]>([]);
let last = 0;

export function drop(number: number): void {
  notices.value = notices.value.filter((notice) => notice.number !== number);
}

export function tell(text: string, bad = false): void {
  const number = ++last;
  notices.value = [...notices.value.slice(-3), { number, text, bad }];
  if (!bad) window.setTimeout(() => drop(number), 6000);
}
