// What can be done with the chosen alarms; the same keys everywhere: a, s, t, f, c.
import { useState } from "preact/hooks";
import { may } from "../../api/http";
import type { Act, AlarmRow } from "../../api/types";
import { useKeys } from "../../keyboard";
import { count, say } from "../../words/say";
import { AssignDialog } from "./AssignDialog";
import { CommentDialog } from "./CommentDialog";
import { ShelveDialog } from "./ShelveDialog";

interface Props {
  rows: AlarmRow[];
  onAct: (act: Act) => void;
}

export function ActBar({ rows, onAct }: Props) {
  const [asking, setAsking] = useState("");
  const allowed = may("operator");
  const able = allowed && rows.length > 0;
  const shelved = rows.length > 0 && rows.every((row) => row.state === "shelved");
  const latched = rows.length > 0 && rows.every((row) => row.state.startsWith("latched"));
  const out = rows.length > 0 && rows.every((row) => row.state === "out-of-service");
  const acknowledge = (): void => onAct({ kind: "acknowledge" });
  const shelve = (): void => (shelved ? onAct({ kind: "unshelve" }) : setAsking("shelve"));
  const mark = (value: string) => (): void => onAct({ kind: "mark", mark: value });
  const ask = (what: string) => (): void => setAsking(what);
  useKeys(able ? { a: acknowledge, s: shelve, t: mark("true"), f: mark("false"), c: ask("comment") } : {});
  const done = (act: Act): void => {
    setAsking("");
    onAct(act);
  };
  return (
    <div class="actbar" role="toolbar" aria-label={say("acts.label")} tabIndex={able ? undefined : 0}>
      <span class="chosen">{allowed ? count("acts.chosen", rows.length) : say("acts.viewer")}</span>
      <button type="button" disabled={!able} aria-keyshortcuts="a" onClick={acknowledge}>{say("act.do.acknowledge")} <kbd>a</kbd></button>
      <button type="button" disabled={!able} aria-keyshortcuts="s" onClick={shelve}>{say(shelved ? "act.do.unshelve" : "act.do.shelve")} <kbd>s</kbd></button>
      <button type="button" disabled={!able} aria-keyshortcuts="t" onClick={mark("true")}>{say("act.do.true")} <kbd>t</kbd></button>
      <button type="button" disabled={!able} aria-keyshortcuts="f" onClick={mark("false")}>{say("act.do.false")} <kbd>f</kbd></button>
      <button type="button" disabled={!able} aria-keyshortcuts="c" onClick={ask("comment")}>{say("act.do.comment")} <kbd>c</kbd></button>
      <button type="button" disabled={!able} onClick={ask("assign")}>{say("act.do.assign")}</button>
      {latched && <button type="button" disabled={!able} onClick={() => onAct({ kind: "reset" })}>{say("act.do.reset")}</button>}
      {out && <button type="button" disabled={!may("engineer")} onClick={() => onAct({ kind: "in_service" })}>{say("act.do.in_service")}</button>}
      {asking === "shelve" && <ShelveDialog n={rows.length} onClose={() => setAsking("")} onAct={done} />}
      {asking === "comment" && <CommentDialog onClose={() => setAsking("")} onAct={done} />}
      {asking === "assign" && <AssignDialog onClose={() => setAsking("")} onAct={done} />}
    </div>
  );
}
