import { useState } from "preact/hooks";
import { session } from "../../api/http";
import type { Act } from "../../api/types";
import { say } from "../../words/say";
import { Dialog } from "../Dialog";
import { Field } from "../Field";

export function AssignDialog({ onClose, onAct }: { onClose: () => void; onAct: (act: Act) => void }) {
  const [to, setTo] = useState(session.value?.user ?? "");
  return (
    <Dialog title={say("assign.title")} onClose={onClose}>
      <form onSubmit={(event) => (event.preventDefault(), onAct({ kind: "assign", to: to.trim() }))}>
        <Field words={say("assign.to")} value={to} onValue={setTo} required autoFocus maxLength={100} />
        <button type="submit" class="first">{say("act.do.assign")}</button>
      </form>
    </Dialog>
  );
}
