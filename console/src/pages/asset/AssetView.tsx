import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import { now } from "../../api/clock";
import { address } from "../../api/http";
import { useLive } from "../../api/live";
import { useResource } from "../../api/resource";
import type { AssetPage, Tile } from "../../api/types";
import { EventLane } from "../../charts/EventLane";
import { gestures } from "../../charts/gestures";
import { GUTTER } from "../../charts/Lane";
import { TimeAxis } from "../../charts/TimeAxis";
import { TimeBar } from "../../charts/TimeBar";
import { TimeRange } from "../../charts/time_range";
import { useTrend } from "../../charts/trend";
import { Mark } from "../../parts/Mark";
import { Page } from "../../parts/Page";
import { Waiting } from "../../parts/Waiting";
import { ask, query } from "../../route";
import { seconds } from "../../words/format";
import { named, say } from "../../words/say";
import { CaseAside } from "./CaseAside";
import { TagList } from "./TagList";
import { EvidenceLane, QualityLane, TagLane } from "./lanes";

const FIRST_TAGS = 3;
const MOST_TAGS = 8;
const MOST_POINTS = 1200;
/** Each bucket shows its least and its most: nothing is lost, and a hand that moves sees every frame. */
const PIXELS_A_BUCKET = 1.5;

export default function AssetView({ asset }: { asset: string }) {
  const page = useResource<AssetPage>(address(["assets", asset]));
  const range = useMemo(() => new TimeRange(undefined, query.peek().get("from") ?? "", query.peek().get("to") ?? ""), [asset]);
  const data = page.data.value;
  useLive("tile", (told) => {
    const tile = told as unknown as Tile;
    if (tile.asset === asset && data) page.data.value = { ...data, state: tile.state, why: tile.why, priority: tile.priority };
  });
  useLive("ticks", () => page.reload());
  useEffect(() => {
    if (data) range.bounds(seconds(data.first), Math.max(seconds(data.last) || 0, now.peek()));
  }, [data]);
  return (
    <Page title={data?.name || asset} question={data ? [data.area, data.line, data.mode && say("asset.mode", { mode: data.mode })].filter(Boolean).join(" ▸ ") : ""}
      side={data && <State data={data} />}>
      <Waiting of={page} shape="lanes">{(found) => <Lanes page={found} range={range} />}</Waiting>
    </Page>
  );
}

function State({ data }: { data: AssetPage }) {
  return (
    <p class="assetstate">
      <Mark state={data.state} priority={data.priority} spoken={false} /> {named("state", data.state)}{data.why && `: ${data.why}`}
    </p>
  );
}

function Lanes({ page, range }: { page: AssetPage; range: TimeRange }) {
  const box = useRef<HTMLDivElement>(null);
  const [points, setPoints] = useState(0); // not known before the page stands: nothing is asked in vain
  const wished = query.value.getAll("tag");
  const chosen = wished.length ? page.tags.filter((tag) => wished.includes(tag.id)) : [...page.tags].sort((a, b) => (b.share ?? 0) - (a.share ?? 0)).slice(0, FIRST_TAGS);
  const trends = useTrend(page.asset, range, chosen.map((tag) => tag.id), points);

  useLayoutEffect(() => {
    const element = box.current!;
    setPoints(Math.max(200, Math.min(MOST_POINTS, Math.round((element.clientWidth - GUTTER) / PIXELS_A_BUCKET))));
    return gestures(element, range);
  }, [range]);

  function choose(id: string): void {
    const ids = chosen.map((tag) => tag.id);
    const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id].slice(-MOST_TAGS);
    ask({ tag: next.length ? next : undefined });
  }

  return (
    <>
      <TimeBar range={range} />
      <div class="assetgrid">
        <div class="lanes" ref={box} tabIndex={0} role="group" aria-label={say("asset.lanes")}>
          <TimeAxis range={range} />
          <Waiting of={trends} shape="lanes">
            {(trend) => (
              <>
                <EvidenceLane range={range} trend={trend} page={page} />
                <EventLane range={range} spans={trend.spans} />
                {trend.quality.map((quality) => <QualityLane key={quality.target} range={range} trend={trend} quality={quality} />)}
                {chosen.map((tag) => {
                  const line = trend.tags.find((other) => other.tag === tag.id);
                  return line && <TagLane key={tag.id} range={range} trend={trend} line={line} tag={tag} />;
                })}
              </>
            )}
          </Waiting>
          <p class="hint">{say("asset.hint")}</p>
        </div>
        <TagList page={page} range={range} chosen={new Set(chosen.map((tag) => tag.id))} onChoose={choose} />
        <CaseAside page={page} />
      </div>
    </>
  );
}
