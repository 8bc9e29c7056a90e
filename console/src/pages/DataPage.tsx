// Is what comes in sound? Links with lag and loss, the status of every tag over time, findings by weight, what was set aside.
import { useLive } from "../api/live";
import { useResource } from "../api/resource";
import type { DataPage as Data, DeadLetter, Finding, Outlet, Source } from "../api/types";
import { HeatMap } from "../charts/HeatMap";
import { Moment } from "../parts/Moment";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { Waiting } from "../parts/Waiting";
import { duration, number, percent } from "../words/format";
import { named, say } from "../words/say";

export function DataPage() {
  const page = useResource<Data>("/data");
  useLive("source", (told) => {
    const source = told as unknown as Source;
    const now = page.data.value;
    if (now) page.data.value = { ...now, sources: now.sources.map((other) => (other.name === source.name ? source : other)) };
  });
  return (
    <Page title={say("data.title")} question={say("data.question")}>
      <Waiting of={page}>
        {(data) => (
          <div class="stack">
            <Panel question={say("data.sources.question")}><Sources sources={data.sources} /></Panel>
            {data.outlets.length > 0 && <Panel question={say("data.outlets.question")}><Outlets outlets={data.outlets} /></Panel>}
            <Panel question={say("data.map.question")}><HeatMap map={data.map} /></Panel>
            <Panel question={say("data.findings.question")}><Findings findings={data.findings} /></Panel>
            <Panel question={say("data.letters.question")}><Letters letters={data.dead_letters} /></Panel>
          </div>
        )}
      </Waiting>
    </Page>
  );
}

function Sources({ sources }: { sources: Source[] }) {
  if (sources.length === 0) return <p>{say("data.sources.none")}</p>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={say("data.sources.question")}>
      <table>
        <thead>
          <tr>
            <th>{say("data.source")}</th><th>{say("data.state")}</th><th class="n">{say("data.lag")}</th><th class="n">{say("data.rate")}</th>
            <th class="n">{say("data.lost")}</th><th class="n">{say("data.aside")}</th><th>{say("data.since")}</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <tr key={source.name} class={`source ${source.state}`}>
              <td>{source.name} <small>{source.kind}</small></td>
              <td><b class="statename">{named("source", source.state)}</b> {source.text && <small>{source.text}</small>}</td>
              <td class="n">{duration(source.lag_s)}</td>
              <td class="n">{number(source.values_per_s)}</td>
              <td class="n">{number(source.lost)}</td>
              <td class="n">{number(source.set_aside)}</td>
              <td><Moment at={source.since} short /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outlets({ outlets }: { outlets: Outlet[] }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={say("data.outlets.question")}>
      <table>
        <thead>
          <tr>
            <th>{say("data.outlet")}</th><th>{say("data.state")}</th><th class="n">{say("data.sent")}</th><th class="n">{say("data.waiting")}</th>
            <th class="n">{say("data.failed")}</th><th class="n">{say("data.givenup")}</th><th>{say("data.lastsent")}</th>
          </tr>
        </thead>
        <tbody>
          {outlets.map((outlet) => (
            <tr key={outlet.name}>
              <td>{outlet.name} <small>{outlet.kind}</small></td>
              <td>{outlet.text || say("data.outlet.fine")}</td>
              <td class="n">{number(outlet.sent)}</td>
              <td class="n">{number(outlet.waiting)}</td>
              <td class="n">{number(outlet.failed)}</td>
              <td class="n">{number(outlet.given_up)}</td>
              <td>{outlet.last_sent && <Moment at={outlet.last_sent} short />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Findings({ findings }: { findings: Finding[] }) {
  if (findings.length === 0) return <p>{say("data.findings.none")}</p>;
  return (
    <ol class="findings">
      {[...findings].sort((a, b) => b.weight - a.weight).map((finding, index) => (
        <li key={index}>
          <div class="weight" title={say("data.weight")}><span class="bar"><i style={{ width: `${100 * finding.weight}%` }} /></span> {percent(finding.weight)}</div>
          <div>
            <h3>{finding.tag || say("data.whole")} <small>{named("finding", finding.kind)}</small></h3>
            <p>{finding.evidence}</p>
            <p>{finding.consequence}</p>
            <p><b>{finding.suggestion}</b></p>
          </div>
        </li>
      ))}
    </ol>
  );
}

function Letters({ letters }: { letters: DeadLetter[] }) {
  if (letters.length === 0) return <p>{say("data.letters.none")}</p>;
  return (
    <ul class="letters">
      {letters.map((letter, index) => (
        <li key={index}>
          <Moment at={letter.at} short /> <b>{letter.source}</b> {letter.reason} {letter.detail && <small>{letter.detail}</small>}
          {letter.sample && <code>{letter.sample}</code>}
        </li>
      ))}
    </ul>
  );
}
