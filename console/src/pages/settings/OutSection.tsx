// What is out of service: tags and assets, why, until when; and back.
import { useState } from "preact/hooks";
import { address, may, remove } from "../../api/http";
import { renewed } from "../../api/live";
import { useResource } from "../../api/resource";
import type { OutOfService, Overview } from "../../api/types";
import { Choice } from "../../parts/Field";
import { Moment } from "../../parts/Moment";
import { tell } from "../../parts/notices";
import { OutOfServiceDialog } from "../../parts/OutOfServiceDialog";
import { Panel } from "../../parts/Panel";
import { Waiting } from "../../parts/Waiting";
import { place } from "../../route";
import { say } from "../../words/say";

export function OutSection() {
  const list = useResource<OutOfService[]>("/out-of-service");
  const overview = useResource<Overview>("/overview");
  const [asset, setAsset] = useState("");
  const [asking, setAsking] = useState(false);
  async function back(out: OutOfService): Promise<void> {
    try {
      await remove(address(["out-of-service"], { asset: out.asset, tag: out.tag }));
      tell(say("out.back", { name: out.tag || out.asset }));
      renewed.value += 1;
    } catch (error) {
      tell((error as Error).message, true);
    }
  }
  return (
    <div class="stack">
      <Panel question={say("out.question")}>
        <Waiting of={list}>
          {(found) => found.length === 0 ? <p>{say("out.none")}</p> : (
            <ul class="entries">
              {found.map((out) => (
                <li key={`${out.asset}|${out.tag}`}>
                  <div><b>{out.tag || say("out.whole")}</b> <a href={place("assets", out.asset)}>{out.asset}</a><p>{out.why}</p><small>{say("out.until")} <Moment at={out.until} /> · {out.by}</small></div>
                  {may("operator") && <button type="button" onClick={() => void back(out)}>{say("act.do.in_service")}</button>}
                </li>
              ))}
            </ul>
          )}
        </Waiting>
      </Panel>
      {may("operator") && (
        <Panel question={say("out.new")}>
          <p>{say("out.new.text")}</p>
          <div class="form">
            <Choice words={say("alarms.column.asset")} value={asset} onValue={setAsset}>
              <option value="">–</option>
              {(overview.data.value?.tiles ?? []).map((tile) => <option key={tile.asset} value={tile.asset}>{tile.name || tile.asset}</option>)}
            </Choice>
            <div class="buttons"><button type="button" disabled={!asset} onClick={() => setAsking(true)}>{say("out.do")}</button></div>
          </div>
        </Panel>
      )}
      {asking && <OutOfServiceDialog asset={asset} tag="" onClose={() => setAsking(false)} />}
    </div>
  );
}
