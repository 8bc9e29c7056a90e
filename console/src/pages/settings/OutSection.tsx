// Which tags are out of service, why, until when; and back.
import { useState } from "preact/hooks";
import { address, may, remove } from "../../api/http";
import { renewed } from "../../api/live";
import { useResource } from "../../api/resource";
import type { AssetPage, OutOfService, Overview } from "../../api/types";
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
  async function back(out: OutOfService): Promise<void> {
    try {
      await remove(address(["out-of-service"], { asset: out.asset, tag: out.tag }));
      tell(say("out.back", { name: out.tag }));
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
                  <div><b>{out.tag}</b> <a href={place("assets", out.asset)}>{out.asset}</a><p>{out.why}</p><small>{say("out.until")} <Moment at={out.until} /> · {out.by}</small></div>
                  {may("operator") && <button type="button" onClick={() => void back(out)}>{say("act.do.in_service")}</button>}
                </li>
              ))}
            </ul>
          )}
        </Waiting>
      </Panel>
      {may("operator") && <Panel question={say("out.new")}><Take tiles={overview.data.value?.tiles ?? []} /></Panel>}
    </div>
  );
}

function Take({ tiles }: { tiles: Overview["tiles"] }) {
  const [asset, setAsset] = useState("");
  const [tag, setTag] = useState("");
  const [asking, setAsking] = useState(false);
  const page = useResource<AssetPage>(asset ? address(["assets", asset]) : null);
  const tags = (asset && page.data.value?.tags) || [];
  return (
    <div class="form">
      <Choice words={say("alarms.column.asset")} value={asset} onValue={(chosen) => (setAsset(chosen), setTag(""))}>
        <option value="">–</option>
        {tiles.map((tile) => <option key={tile.asset} value={tile.asset}>{tile.name || tile.asset}</option>)}
      </Choice>
      <Choice words={say("out.tag")} value={tag} onValue={setTag}>
        <option value="">–</option>
        {tags.map((one) => <option key={one.id} value={one.id}>{one.name === one.id ? one.id : `${one.name} (${one.id})`}</option>)}
      </Choice>
      <div class="buttons"><button type="button" disabled={!tag} onClick={() => setAsking(true)}>{say("out.do")}</button></div>
      {asking && <OutOfServiceDialog asset={asset} tag={tag} onClose={() => setAsking(false)} />}
    </div>
  );
}
