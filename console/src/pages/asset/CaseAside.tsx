// The open case of the asset beside its lanes, short; the case page has the rest.
import { address } from "../../api/http";
import { useResource } from "../../api/resource";
import type { AssetPage, CasePage } from "../../api/types";
import { CaseActs } from "../../parts/cases/CaseActs";
import { OnsetOrder } from "../../parts/cases/OnsetOrder";
import { Mark } from "../../parts/Mark";
import { Moment } from "../../parts/Moment";
import { Panel } from "../../parts/Panel";
import { Waiting } from "../../parts/Waiting";
import { place } from "../../route";
import { say } from "../../words/say";

export function CaseAside({ page }: { page: AssetPage }) {
  const found = useResource<CasePage>(page.open_case ? address(["cases", page.open_case]) : null);
  return (
    <Panel class="caseaside" question={say("asset.case")}>
      {!page.open_case ? <p>{say("asset.case.none")}</p> : (
        <Waiting of={found}>
          {(data) => (
            <div class="stack">
              <p class="sentence"><Mark priority={data.priority} /> {data.text}</p>
              <p><small>{say("case.since")} <Moment at={data.onset} short /></small></p>
              <OnsetOrder data={data} most={4} />
              {data.check.length > 0 && <ol class="steps">{data.check.slice(0, 3).map((text) => <li key={text}>{text}</li>)}</ol>}
              <CaseActs data={data} resource={found} />
              <p><a href={place("cases", data.id)}>{say("asset.case.open")}</a></p>
            </div>
          )}
        </Waiting>
      )}
      <p><a href={`/alarms?state=all&asset=${encodeURIComponent(page.asset)}`}>{say("asset.case.all")}</a></p>
    </Panel>
  );
}
