// Acts on alarms: shown at once, taken back with the problem's own words where the service refuses.
import type { Act, ActResult, AlarmRow } from "../../api/types";
import { post, session } from "../../api/http";
import { count, named, say } from "../../words/say";
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

const NOT_TO_ACKNOWLEDGE = ["acknowledged", "latched-acknowledged", "normal", "shelved", "suppressed", "out-of-service"];

/** Whether an act means anything for an alarm in its state; what it finally may is for the service to say. */
function fits(row: AlarmRow, act: Act): boolean {
  if (act.kind === "acknowledge") return !NOT_TO_ACKNOWLEDGE.includes(row.state);
  if (act.kind === "shelve") return row.state !== "shelved" && row.state !== "normal";
  return true;
}

interface Place {
  guess(ids: Set<string>, changed: (row: AlarmRow) => AlarmRow): Map<string, AlarmRow>;
  put(rows: Map<string, AlarmRow>): void;
}

/** Do an act on those of the rows that it fits. Answers whether every one took it. */
export async function act(chosen: AlarmRow[], wanted: Act, where: Place): Promise<boolean> {
  const rows = chosen.filter((row) => fits(row, wanted));
  if (rows.length === 0) {
    if (chosen.length) tell(say("acts.nothing"));
    return false;
  }
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
