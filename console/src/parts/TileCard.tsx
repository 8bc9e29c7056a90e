// One asset of the overview: state, name, evidence against its threshold, quality against its limits, data, alarms, age.
import { minute } from "../api/clock";
import { behind } from "./LinkBanner";
import type { Quality, Tile } from "../api/types";
import { place } from "../route";
import { duration, fixed, number, percent, quantity, seconds, utc } from "../words/format";
import { count, named, say } from "../words/say";
import { Mark } from "./Mark";
import { NormalBar } from "./NormalBar";
import { Moment } from "./Moment";
import { Origin, type Source } from "./Origin";
import { Spark } from "./Spark";

export function TileCard({ tile }: { tile: Tile }) {
  const hot = tile.state === "alarm";
  const times = tile.ratio === null ? "–" : `${fixed(tile.ratio, 1)}×`;
  const late = tile.behind_s >= 60 && behind.value < 60;
  return (
    <article class={`tile ${tile.state}${hot ? ` p${tile.priority ?? 4}` : ""}`}>
      <h3>
        <Mark state={tile.state} priority={hot ? tile.priority : null} />
        <a href={place("assets", tile.asset)}>{tile.name || tile.asset}</a>
      </h3>
      {tile.evidence.length > 0 ? (
        <p class="evidence">
          <Spark values={tile.evidence} hot={hot} label={say("tile.evidence", { times })} />
          <span class="times">
            <Origin title={tile.name || tile.asset} text={say("tile.evidence.text", { times })} sources={evidenceSources(tile)}>{times}</Origin>
          </span>
        </p>
      ) : (
        <p class="why">{tile.why || named("state", tile.state)}</p>
      )}
      {tile.quality.map((quality) => (
        <p class="quality" key={quality.target}>
          <span class="target">{quality.target}</span>
          {quality.value === null ? (
            <span class="why">{quality.why}</span>
          ) : (
            <>
              <span class="number">
                <Origin title={quality.target} text={say("tile.quality.text")} sources={qualitySources(quality, tile)}>{number(quality.value, 3)}</Origin> <small>±{number(((quality.high ?? quality.value) - (quality.low ?? quality.value)) / 2, 2)} {quality.unit}</small>
              </span>
              <NormalBar value={quality.value} low={quality.low} high={quality.high} unit={quality.unit} limits={[quality.limit_low, quality.limit_high]} />
              <span class="visually-hidden">{say("tile.quality", { low: number(quality.low, 3), high: quantity(quality.high, quality.unit, 3) })}</span>
            </>
          )}
        </p>
      ))}
      <p class="foot">
        <span>{say("tile.data", { share: percent(tile.data_share) })}</span>
        {tile.open_alarms > 0 && <a href={`/alarms?asset=${encodeURIComponent(tile.asset)}`}>{count("tile.alarms", tile.open_alarms)}</a>}
        {late && <span>{say("tile.behind", { behind: duration(tile.behind_s) })}</span>}
        {tile.since && <time dateTime={tile.since} title={utc(tile.since)}>{say("tile.since", { age: duration(Math.max(60, Math.floor((minute.value - seconds(tile.since)) / 60) * 60)) })}</time>}
      </p>
    </article>
  );
}

function evidenceSources(tile: Tile): Source[] {
  return [
    { name: say("origin.samples"), value: <a href={place("assets", tile.asset)}>{say("origin.samples.see")}</a> },
    { name: say("origin.model"), value: <a href="/models">{say("nav.models")}</a> },
    { name: say("origin.threshold"), value: <a href="/budget">{say("nav.budget")}</a> },
    { name: say("origin.valid"), value: percent(tile.data_share) },
    { name: say("origin.state_since"), value: <Moment at={tile.since} /> },
  ];
}

function qualitySources(quality: Quality, tile: Tile): Source[] {
  return [
    { name: say("origin.interval"), value: `${number(quality.low, 3)} – ${quantity(quality.high, quality.unit, 3)}` },
    { name: say("origin.limits"), value: `${number(quality.limit_low, 3)} – ${quantity(quality.limit_high, quality.unit, 3)}` },
    { name: say("origin.at"), value: <Moment at={quality.at} /> },
    { name: say("origin.samples"), value: <a href={place("assets", tile.asset)}>{say("origin.samples.see")}</a> },
    { name: say("origin.model"), value: <a href="/models">{say("nav.models")}</a> },
  ];
}
