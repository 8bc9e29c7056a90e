// Take a tag out of service: at once, with a reason and an end, without training.
import { useState } from "preact/hooks";
import { now } from "../api/clock";
import { post } from "../api/http";
import { renewed } from "../api/live";
import type { OutOfService } from "../api/types";
import { moment } from "../words/format";
import { say } from "../words/say";
import { fromField, toField } from "../words/zone";
import { Dialog } from "./Dialog";
import { Field } from "./Field";
import { tell } from "./notices";

interface Props {
  asset: string;
  tag: string;
  onClose: () => void;
}

export function OutOfServiceDialog({ asset, tag, onClose }: Props) {
  const [why, setWhy] = useState("");
  const [until, setUntil] = useState(toField(now.peek() + 86_400));
  const end = fromField(until);
  const late = !(end > now.peek());
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (late) return;
    const wanted: OutOfService = { asset, tag, why: why.trim(), until: new Date(end * 1000).toISOString(), by: "" };
    try {
      await post("/out-of-service", wanted);
      tell(say("out.done", { name: tag }));
      renewed.value += 1;
      onClose();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }
  return (
    <Dialog title={say("out.title", { name: tag })} onClose={onClose}>
      <p>{say("out.text.tag")}</p>
      <form onSubmit={(event) => void submit(event)}>
        <Field words={say("out.why")} value={why} onValue={setWhy} required autoFocus maxLength={500} />
        <Field words={say("out.until")} hint={late ? say("shelve.past") : moment(end)} type="datetime-local" value={until} onValue={setUntil} required />
        <button type="submit" class="first" disabled={late}>{say("out.do")}</button>
      </form>
    </Dialog>
  );
}
