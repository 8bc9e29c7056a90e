// Acts on all alarms of a case.
import type { Resource } from "../../api/resource";
import type { Act, AlarmRow, CasePage } from "../../api/types";
import { ActBar } from "../alarms/ActBar";
import { act } from "../alarms/acts";

export function CaseActs({ data, resource }: { data: CasePage; resource: Resource<CasePage> }) {
  const open = data.alarms.filter((row) => row.state !== "normal" && row.state !== "suppressed");
  const rows = open.length ? open : data.alarms.slice(-1);
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
  return <ActBar rows={rows} onAct={(wanted: Act) => void act(rows, wanted, where).then(() => resource.reload())} />;
}
