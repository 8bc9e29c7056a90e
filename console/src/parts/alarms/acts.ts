// Acts on alarms: shown at once, taken back with the problem's own words where the service refuses.
import { post } from "../../api/http";
import type { Act, ActResult, AlarmRow } from "../../api/types";
import { session } from "../../api/http";
import { count, named } from "../../words/say";
import { tell } from "../notices";

/** What a row will look like, most likely. */
function guessed(row: AlarmRow, act: Act): AlarmRow {
  const who = session.value?.user ?? "";
  switch (act.kind) {
    case "acknowledge":
      return { ...row, state: row.state === "returned" ? "normal" : "acknowledged", acknowledged_by: who };
    case "shelve":
      return { ...row, state: "shelved", shelved_until: act.until ?? "" };
    case "unshelve":
      return { ...row, state: row.acknowledged_by ? "acknowledged" : "unacknowledged", shelved_until: "" };
    case "mark":
      return { ...row, mark: act.mark ?? "" };
    case "assign":
      return { ...row, assigned: act.to ?? "" };
    default:
      return row;
  }
}

interface Place {
  guess(ids: Set<string>, changed: (row: AlarmRow) => AlarmRow): Map<string, AlarmRow>;
  put(rows: Map<string, AlarmRow>): void;
}

/** Do an act on rows. Answers whether every row took it. */
export async function act(rows: AlarmRow[], wanted: Act, where: Place): Promise<boolean> {
  if (rows.length === 0) return false;
  const ids = rows.map((row) => row.id);
  const before = where.guess(new Set(ids), (row) => guessed(row, wanted));
  try {
    const result = rows.length === 1
      ? await post<ActResult>(`/alarms/${encodeURIComponent(ids[0]!)}/acts`, { ...wanted, number: rows[0]!.number })
      : await post<ActResult>("/alarms/acts", { ids, act: wanted });
    const now = new Map(before);
    for (const row of result.done) now.set(row.id, row);
    where.put(now);
    const refused = Object.values(result.refused);
    if (result.done.length) tell(count("acts.done", result.done.length, { act: named("act", wanted.kind) }));
    if (refused.length) tell(count("acts.refused", refused.length, { why: [...new Set(refused)].join(" ") }), true);
    return refused.length === 0;
  } catch (error) {
    where.put(before);
    tell(count("acts.refused", rows.length, { why: (error as Error).message }), true);
    return false;
  }
}
