// Shelve with a reason and an end: nothing is put aside for ever.
import { useState } from "preact/hooks";
import { now } from "../../api/clock";
import type { Act } from "../../api/types";
import { duration, moment } from "../../words/format";
import { count, say } from "../../words/say";
import { fromField, toField } from "../../words/zone";
import { Dialog } from "../Dialog";
import { Field } from "../Field";

const PRESETS_S = [3600, 4 * 3600, 8 * 3600, 12 * 3600]; // as long as a shelf may be, unless the plant file says otherwise

interface Props {
  n: number;
  onClose: () => void;
  onAct: (act: Act) => void;
}

export function ShelveDialog({ n, onClose, onAct }: Props) {
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(toField(now.peek() + 8 * 3600));
  const [asked] = useState(now.peek());
  const end = fromField(until);
  const late = !Number.isFinite(end) || end <= asked;
  function submit(event: Event): void {
    event.preventDefault();
    if (!late && reason.trim()) onAct({ kind: "shelve", reason: reason.trim(), until: new Date(end * 1000).toISOString() });
  }
  return (
    <Dialog title={count("shelve.title", n)} onClose={onClose}>
      <form onSubmit={submit}>
        <Field words={say("shelve.reason")} value={reason} onValue={setReason} required autoFocus list="reasons" maxLength={500} />
        <datalist id="reasons">
          {(["shelve.reason.repair", "shelve.reason.known", "shelve.reason.nuisance"] as const).map((key) => <option key={key} value={say(key)} />)}
        </datalist>
        <fieldset class="presets">
          <legend>{say("shelve.for")}</legend>
          {PRESETS_S.map((seconds) => (
            <button type="button" key={seconds} onClick={() => setUntil(toField(now.peek() + seconds))}>{duration(seconds)}</button>
          ))}
        </fieldset>
        <Field words={say("shelve.until")} hint={late ? say("shelve.past") : say("shelve.returns", { when: moment(end) })} type="datetime-local" value={until} onValue={setUntil} required />
        <button type="submit" class="first" disabled={late}>{say("act.do.shelve")}</button>
      </form>
    </Dialog>
  );
}
