// The alarm list of one filter: pages of rows, rows that change in their place, and new ones that wait to be let in.
import { batch, signal } from "@preact/signals";
import { get } from "../../api/http";
import type { AlarmList, AlarmRow } from "../../api/types";

const PAGE = 200;
const OPEN = ["unacknowledged", "acknowledged", "returned", "latched-unacknowledged", "latched-acknowledged"];

export class Book {
  readonly rows = signal<AlarmRow[]>([]);
  readonly total = signal(0);
  readonly counts = signal<Record<string, number>>({});
  /** New rows of this filter that are not in the list yet. */
  readonly fresh = signal<AlarmRow[]>([]);
  readonly ready = signal(false);
  readonly problem = signal<Error | undefined>(undefined);
  private next = "";
  private asking: Promise<void> | undefined;
  private turn = 0;
  private counting = false;

  constructor(private readonly filter: URLSearchParams) {}

  /** Read the first page; where one stands already nothing moves: rows change in their place, new ones wait. */
  async load(): Promise<void> {
    if (this.ready.peek()) return this.refresh();
    const turn = ++this.turn;
    this.asking = undefined;
    try {
      const list = await get<AlarmList>(this.path(""));
      if (turn !== this.turn) return;
      this.next = list.next;
      batch(() => {
        const came = this.fresh.value; // told while the list was on its way, so perhaps newer than the list
        [this.rows.value, this.total.value, this.counts.value, this.fresh.value] = [list.rows, list.total, list.counts, []];
        [this.ready.value, this.problem.value] = [true, undefined];
        for (const row of [...came].reverse()) this.place(row);
      });
    } catch (error) {
      if (turn === this.turn) this.problem.value = error as Error;
    }
  }

  private async refresh(): Promise<void> {
    const list = await get<AlarmList>(this.path("")).catch(() => undefined);
    if (!list) return;
    batch(() => {
      for (const row of [...list.rows].reverse()) this.place(row);
      this.counts.value = list.counts;
    });
  }

  /** Read on where the reader comes near the end. */
  more(until: number): void {
    if (this.asking || !this.next || until < this.rows.value.length) return;
    const turn = this.turn;
    this.asking = get<AlarmList>(this.path(this.next))
      .then((list) => {
        if (turn !== this.turn) return;
        this.next = list.next;
        const known = new Set(this.rows.value.map((row) => row.id));
        this.rows.value = [...this.rows.value, ...list.rows.filter((row) => !known.has(row.id))];
      }, () => undefined)
      .finally(() => {
        this.asking = undefined;
        if (turn === this.turn) this.more(until);
      });
  }

  /** Let the new rows in, at the top. */
  admit(): void {
    batch(() => {
      this.rows.value = [...this.fresh.value, ...this.rows.value];
      this.total.value += this.fresh.value.length;
      this.fresh.value = [];
    });
  }

  /** The counts of the tabs as they are now; of many changes at once they are asked once. */
  private recount(): void {
    if (this.counting) return;
    this.counting = true;
    window.setTimeout(() => {
      this.counting = false;
      void get<AlarmList>("/alarms?state=open&limit=1").then((list) => (this.counts.value = list.counts), () => undefined);
    }, 500);
  }

  /** A row as it is now: in its place where it stands, else among the new ones where it belongs here. */
  hear(row: AlarmRow): void {
    this.recount();
    this.place(row);
  }

  private place(row: AlarmRow): void {
    const at = this.rows.value.findIndex((other) => other.id === row.id);
    if (at >= 0) {
      if (this.rows.value[at]!.number <= row.number) this.rows.value = this.rows.value.with(at, row);
      return;
    }
    const waiting = this.fresh.value.findIndex((other) => other.id === row.id);
    if (waiting >= 0) this.fresh.value = this.fresh.value.with(waiting, row);
    else if (this.belongs(row)) this.fresh.value = [row, ...this.fresh.value];
  }

  /** Change rows without asking; answers what they were. */
  guess(ids: Set<string>, changed: (row: AlarmRow) => AlarmRow): Map<string, AlarmRow> {
    const before = new Map<string, AlarmRow>();
    this.rows.value = this.rows.value.map((row) => {
      if (!ids.has(row.id)) return row;
      before.set(row.id, row);
      return changed(row);
    });
    return before;
  }

  put(rows: Map<string, AlarmRow>): void {
    this.rows.value = this.rows.value.map((row) => rows.get(row.id) ?? row);
  }

  private path(after: string): string {
    const words = new URLSearchParams(this.filter);
    if (!words.get("state")) words.set("state", "open");
    words.set("limit", String(PAGE));
    if (after) words.set("after", after);
    return `/alarms?${words.toString()}`;
  }

  private belongs(row: AlarmRow): boolean {
    const state = this.filter.get("state") ?? "open";
    const fits = state === "all" || (state === "open" ? OPEN.includes(row.state) : state === row.state);
    const word = (this.filter.get("q") ?? "").toLowerCase();
    return (
      fits && [["asset", row.asset], ["priority", String(row.priority)], ["kind", row.kind]].every(([name, value]) => (this.filter.get(name!) ?? value) === value) &&
      (!word || `${row.text} ${row.name} ${row.tags.join(" ")}`.toLowerCase().includes(word))
    );
  }
}
