// What the next shift should know: what Andon saw, and what people write beside it.
import { useEffect, useState } from "preact/hooks";
import { may, put } from "../api/http";
import { useResource } from "../api/resource";
import type { Handover } from "../api/types";
import { Moment } from "../parts/Moment";
import { tell } from "../parts/notices";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { Waiting } from "../parts/Waiting";
import { say } from "../words/say";

export function HandoverPage() {
  const page = useResource<Handover>("/handover");
  return (
    <Page title={say("handover.title")} question={say("handover.question")}>
      <Waiting of={page}>{(data) => <Note data={data} onSaved={(saved) => (page.data.value = saved)} />}</Waiting>
    </Page>
  );
}

function Note({ data, onSaved }: { data: Handover; onSaved: (saved: Handover) => void }) {
  const [note, setNote] = useState(data.note);
  useEffect(() => setNote(data.note), [data.shift, data.start]);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    try {
      onSaved(await put<Handover>("/handover", { ...data, note }));
      tell(say("handover.saved"));
    } catch (error) {
      tell((error as Error).message, true);
    }
  }
  return (
    <div class="stack narrow">
      <Panel question={say("handover.seen", { shift: data.shift })} side={<small><Moment at={data.start} /> – <Moment at={data.end} short /></small>}>
        <ul class="bullets">{data.text.map((line, index) => <li key={index}>{line}</li>)}</ul>
      </Panel>
      <Panel question={say("handover.note")}>
        <form class="stack" onSubmit={(event) => void submit(event)}>
          <textarea rows={8} maxLength={8000} aria-label={say("handover.note")} value={note} disabled={!may("operator")} onInput={(event) => setNote(event.currentTarget.value)} />
          <div class="buttons"><button type="submit" class="first" disabled={!may("operator") || note === data.note}>{say("handover.save")}</button></div>
        </form>
      </Panel>
    </div>
  );
}
