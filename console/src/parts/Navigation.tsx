// The places of the console: a rail on a desk, a bar under the thumb on a phone.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { get, session } from "../api/http";
import { renewed, useLive } from "../api/live";
import type { AlarmList, AlarmRow } from "../api/types";
import { path } from "../route";
import { notify } from "./desktop_notices";
import { shortCount } from "../words/format";
import { count, say } from "../words/say";

const ICONS = {
  overview: "M3 3h7v7H3zM14 3h7v7h-7zM3 14h7v7H3zM14 14h7v7h-7z",
  alarms: "M12 3l10 18H2zM12 10v5M12 18v.5",
  budget: "M3 20h18M3 16c6 0 5-11 18-12M9 9v.01",
  models: "M4 20V10h5v10M9 20V4h6v16M15 20v-7h5v7",
  data: "M3 6h18M3 12h12M3 18h16",
  kpi: "M4 20V4M4 20h16M8 16v-4M13 16V8M18 16v-6",
  settings: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M19 5l-3 3M8 16l-3 3",
} as const;
type Place = keyof typeof ICONS;
const PLACES = Object.keys(ICONS) as Place[];
const THUMB: Place[] = ["overview", "alarms", "budget", "data"];

/** Unacknowledged alarms of the whole plant. */
export const unacknowledged = signal(0);

export function Navigation() {
  const [open, setOpen] = useState(false);
  const again = renewed.value;
  useEffect(() => {
    if (session.value) void get<AlarmList>("/alarms?state=open&limit=1").then((list) => (unacknowledged.value = list.counts["unacknowledged"] ?? 0), () => undefined);
  }, [again]);
  const states = useStates();
  useLive("alarm", (data) => {
    states(data as unknown as AlarmRow);
    notify(data as unknown as AlarmRow);
  });
  const here = path.value[0] ?? "";
  const current = here === "" || here === "assets" ? "overview" : here === "cases" ? "alarms" : here;
  return (
    <nav class={open ? "places open" : "places"} aria-label={say("nav.label")}>
      {PLACES.map((name) => (
        <a key={name} href={name === "overview" ? "/" : `/${name}`} aria-current={current === name ? "page" : undefined}
          class={THUMB.includes(name) ? "thumb" : ""} onClick={() => setOpen(false)}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d={ICONS[name]} /></svg>
          <span>{say(`nav.${name}`)}</span>
          {name === "alarms" && unacknowledged.value > 0 && (
            <b class="badge" aria-label={count("nav.unacknowledged", unacknowledged.value)}>{shortCount(unacknowledged.value)}</b>
          )}
        </a>
      ))}
      <button type="button" class="more" aria-expanded={open} onClick={() => setOpen(!open)}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 6h16M4 12h16M4 18h16" /></svg>
        <span>{say("nav.more")}</span>
      </button>
    </nav>
  );
}

/** Count an alarm once, however often its row is told. */
function useStates(): (row: AlarmRow) => void {
  const [known] = useState(() => new Map<string, boolean>());
  return (row) => {
    const waits = row.state === "unacknowledged";
    const before = known.get(row.id) ?? row.number > 1;
    known.set(row.id, waits);
    if (before !== waits) unacknowledged.value = Math.max(0, unacknowledged.value + (waits ? 1 : -1));
  };
}
