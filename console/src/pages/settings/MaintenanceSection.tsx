// Planned work: no verdict and no alarm for these assets meanwhile.
import { useState } from "preact/hooks";
import { now } from "../../api/clock";
import { address, iso, may, post, remove } from "../../api/http";
import { useResource } from "../../api/resource";
import type { Maintenance, Overview } from "../../api/types";
import { Field } from "../../parts/Field";
import { Moment } from "../../parts/Moment";
import { tell } from "../../parts/notices";
import { Panel } from "../../parts/Panel";
import { Waiting } from "../../parts/Waiting";
import { say } from "../../words/say";
import { fromField, toField } from "../../words/zone";
import { AssetChoice } from "./AssetChoice";

export function MaintenanceSection() {
  const list = useResource<Maintenance[]>("/maintenance");
  const overview = useResource<Overview>("/overview");
  async function end(window: Maintenance): Promise<void> {
    try {
      await remove(address(["maintenance", window.id]));
      tell(say("maintenance.ended"));
      list.reload();
    } catch (error) {
      tell((error as Error).message, true);
    }
  }
  return (
    <div class="stack">
      <Panel question={say("maintenance.question")}>
        <Waiting of={list}>
          {(found) => found.length === 0 ? <p>{say("maintenance.none")}</p> : (
            <ul class="entries">
              {found.map((window) => (
                <li key={window.id}>
                  <div><b>{window.assets.join(", ")}</b><p>{window.why}</p><small><Moment at={window.start} /> – <Moment at={window.end} /> · {window.by}</small></div>
                  {may("operator") && <button type="button" onClick={() => void end(window)}>{say("maintenance.end")}</button>}
                </li>
              ))}
            </ul>
          )}
        </Waiting>
      </Panel>
      {may("operator") && <Panel question={say("maintenance.new")}><NewWindow tiles={overview.data.value?.tiles ?? []} onDone={list.reload} /></Panel>}
    </div>
  );
}

function NewWindow({ tiles, onDone }: { tiles: Overview["tiles"]; onDone: () => void }) {
  const [assets, setAssets] = useState<string[]>([]);
  const [start, setStart] = useState(toField(now.peek()));
  const [end, setEnd] = useState(toField(now.peek() + 4 * 3600));
  const [why, setWhy] = useState("");
  const [wrong, setWrong] = useState("");
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!(fromField(end) > fromField(start))) return setWrong(say("time.backwards"));
    if (assets.length === 0) return setWrong(say("maintenance.choose"));
    const wanted: Maintenance = { id: "", assets, start: iso(fromField(start)), end: iso(fromField(end)), why: why.trim(), by: "" };
    try {
      await post("/maintenance", wanted);
      tell(say("maintenance.done"));
      setAssets([]);
      setWhy("");
      setWrong("");
      onDone();
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <AssetChoice tiles={tiles} chosen={assets} onChosen={setAssets} />
      <Field words={say("time.from")} type="datetime-local" value={start} onValue={setStart} required />
      <Field words={say("time.to")} type="datetime-local" value={end} onValue={setEnd} required />
      <Field words={say("maintenance.why")} value={why} onValue={setWhy} required maxLength={500} />
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      <div class="buttons"><button type="submit" class="first">{say("maintenance.do")}</button></div>
    </form>
  );
}
