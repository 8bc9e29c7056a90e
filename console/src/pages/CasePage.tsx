// One case: what happened in a sentence, who moved first, what explains it, what it is like, what to do.
import { useState } from "preact/hooks";
import { address, iso } from "../api/http";
import { useLive } from "../api/live";
import { useResource } from "../api/resource";
import type { AlarmRow, CasePage as Case, SimilarCase } from "../api/types";
import { Curves } from "../charts/Curves";
import { AskedMark } from "../parts/cases/AskedMark";
import { CaseActs } from "../parts/cases/CaseActs";
import { OnsetOrder } from "../parts/cases/OnsetOrder";
import { ShareBars } from "../parts/cases/ShareBars";
import { Mark } from "../parts/Mark";
import { Moment } from "../parts/Moment";
import { Origin } from "../parts/Origin";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { Waiting } from "../parts/Waiting";
import { place } from "../route";
import { duration, number, percent, seconds } from "../words/format";
import { named, say } from "../words/say";

export function CasePage({ id }: { id: string }) {
  const found = useResource<Case>(address(["cases", id]));
  useLive("alarm", (told) => {
    if ((told as unknown as AlarmRow).case === id) found.reload();
  });
  const data = found.data.value;
  return (
    <Page title={data ? say("case.title", { name: data.name }) : say("case.title.waiting")} question={say("case.question")}>
      <Waiting of={found}>{(known) => <Body data={known} acts={<><CaseActs data={known} resource={found} /><AskedMark data={known} resource={found} /></>} />}</Waiting>
    </Page>
  );
}

function Body({ data, acts }: { data: Case; acts: preact.ComponentChildren }) {
  return (
    <div class="case">
      <section class="head panel">
        <p class="sentence"><Mark priority={data.priority} state={data.state} /> {data.text}</p>
        <Facts data={data} />
        {acts}
      </section>
      <Panel question={say("case.order.question")}><OnsetOrder data={data} /></Panel>
      <Panel question={say("case.check.question")}>
        {data.action && <p class="action"><strong>{say("case.action")}</strong> {data.action}</p>}
        <ol class="steps">{data.check.map((text) => <li key={text}>{text}</li>)}</ol>
        {!data.action && data.check.length === 0 && <p>{say("case.check.none")}</p>}
        {data.consequence && <p><small>{say("case.consequence", { text: data.consequence })}</small></p>}
      </Panel>
      <Panel question={say("case.shares.question")} side={<small>{named("view", data.view)}</small>}><ShareBars shares={data.shares} /></Panel>
      <Similar data={data} />
      <Panel class="whole" question={say("case.records.question")}><Records data={data} /></Panel>
    </div>
  );
}

function Facts({ data }: { data: Case }) {
  const from = iso(seconds(data.onset) - 2 * 3600);
  const to = iso((data.end ? seconds(data.end) : seconds(data.peak) + 600) + 1800);
  const sources = [
    { name: say("origin.model"), value: <a href="/models">{data.model}</a> },
    { name: say("origin.threshold"), value: number(data.threshold) },
    { name: say("origin.view"), value: named("view", data.view) },
    { name: say("origin.samples"), value: <a href={`${place("assets", data.asset)}?from=${from}&to=${to}`}>{say("origin.samples.see")}</a> },
    { name: say("origin.case"), value: <span class="mono">{data.id}</span> },
  ];
  const states = [...new Set(data.alarms.map((row) => named("alarm_state", row.state)))].join(", ");
  return (
    <dl class="facts">
      <div><dt>{say("case.onset")}</dt><dd><Moment at={data.onset} /></dd></div>
      <div><dt>{say("case.end")}</dt><dd>{data.end ? <Moment at={data.end} /> : say("asset.still")}</dd></div>
      <div><dt>{say("case.lasted")}</dt><dd>{duration(seconds(data.end || data.peak) - seconds(data.onset))}</dd></div>
      <div>
        <dt>{say("case.severity")}</dt>
        <dd><Origin title={say("case.severity")} text={say("case.severity.text", { times: number(data.severity, 2) })} sources={sources}>{say("case.times", { times: number(data.severity, 2) })}</Origin></dd>
      </div>
      <div><dt>{say("case.relevant")}</dt><dd>{say(data.quality_relevant === null ? "case.relevant.unknown" : data.quality_relevant ? "case.relevant.yes" : "case.relevant.no")}</dd></div>
      <div><dt>{say("case.state")}</dt><dd>{states || named("alarm_state", data.state)}{data.mark && ` · ${named("mark", data.mark)}`}</dd></div>
      <div><dt>{say("case.where")}</dt><dd><a href={`${place("assets", data.asset)}?from=${from}&to=${to}`}>{say("case.axis", { name: data.name })}</a></dd></div>
    </dl>
  );
}

function Similar({ data }: { data: Case }) {
  const [at, setAt] = useState(0);
  const other = data.similar[at];
  return (
    <Panel question={say("case.similar.question")}>
      {!other ? <p>{say("case.similar.none")}</p> : (
        <>
          <div class="tabs">
            {data.similar.map((item, index) => (
              <button type="button" key={item.id} aria-current={index === at ? "true" : undefined} onClick={() => setAt(index)}>
                {percent(item.likeness)} <small>{item.mark && named("mark", item.mark)}</small>
              </button>
            ))}
          </div>
          <p><a href={place("cases", other.id)}>{other.text}</a> <small><Moment at={other.onset} /></small></p>
          <Overlay other={other} />
        </>
      )}
    </Panel>
  );
}

function Overlay({ other }: { other: SimilarCase }) {
  const line = (columns: SimilarCase["then"]): [number, number | null][] => columns.time.map((time, index) => [time, columns.mean[index] ?? null]);
  return (
    <Curves label={say("case.similar.label", { tag: other.tag })} xName={say("case.similar.x")} yName={say("case.similar.y", { tag: other.tag })} xText={(x) => (x === 0 ? "0" : `${x < 0 ? "−" : "+"}${duration(x)}`)}
      xMarks={[-3600, 0, 3600, 7200]} at={{ x: 0, text: "" }} curves={[{ name: say("case.now"), points: line(other.now), style: 0 }, { name: say("case.then"), points: line(other.then), style: 1 }]} />
  );
}

function Records({ data }: { data: Case }) {
  if (data.records.length === 0) return <p>{say("case.records.none")}</p>;
  return (
    <ol class="records">
      {data.records.map((record, index) => (
        <li key={index}>
          <Moment at={record.at} /> <b>{record.by}</b> {named("act", record.kind)}{record.text && <q>{record.text}</q>}
        </li>
      ))}
    </ol>
  );
}
