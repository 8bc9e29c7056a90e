// Acts on all alarms of a case.
import type { Resource } from "../../api/resource";
import type { Act, AlarmRow, CasePage } from "../../api/types";
import { ActBar } from "../alarms/ActBar";
import { act } from "../alarms/acts";

export function CaseActs({ data, resource }: { data: CasePage; resource: Resource<CasePage> }) {
  return <ActBar rows={rowsOf(data)} onAct={actOn(data, resource)} />;
}

/** The alarms of a case that an act is about: those that stand, else the last. */
function rowsOf(data: CasePage): AlarmRow[] {
  const open = data.alarms.filter((row) => row.state !== "normal" && row.state !== "suppressed");
  return open.length ? open : data.alarms.slice(-1);
}

/** Act on the case; shown at once, and asked again when the service has answered. */
export function actOn(data: CasePage, resource: Resource<CasePage>): (wanted: Act) => void {
  const where = {
    guess(ids: Set<string>, changed: (row: AlarmRow) => AlarmRow): Map<string, AlarmRow> {
      const before = new Map(data.alarms.filter((row) => ids.has(row.id)).map((row) => [row.id, row]));
      resource.data.value = { ...data, alarms: data.alarms.map((row) => (ids.has(row.id) ? changed(row) : row)) };
      return before;
    },
    put(known: Map<string, AlarmRow>): void {
      const now = resource.data.peek() ?? data;
      resource.data.value = { ...now, alarms: now.alarms.map((row) => known.get(row.id) ?? row) };
    },
  };
  return (wanted) => void act(rowsOf(data), wanted, where).then(() => resource.reload());
}
