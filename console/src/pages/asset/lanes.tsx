// What each lane of an asset shows.
import type { AssetPage, QualityTrend, TagOfAsset, TagTrend, Trend } from "../../api/types";
import { Lane } from "../../charts/Lane";
import type { TimeRange } from "../../charts/time_range";
import { memo } from "../../parts/memo";
import { number, quantity } from "../../words/format";
import { say } from "../../words/say";

interface Props {
  range: TimeRange;
  trend: Trend;
}

export const EvidenceLane = memo(function EvidenceLane({ range, trend, page }: Props & { page: AssetPage }) {
  const last = trend.evidence.mean.findLast((value) => value !== null) ?? null;
  const data = { ...trend.evidence, limits: [{ at: trend.threshold, text: say("asset.threshold", { value: number(trend.threshold) }), hot: true }] };
  const times = last === null || !trend.threshold ? "–" : number(last / trend.threshold, 2);
  return <Lane range={range} data={data} spans={trend.spans} fromZero title={say("asset.evidence")} label={say("asset.evidence.label", { name: page.name, times })} />;
});

export const QualityLane = memo(function QualityLane({ range, trend, quality }: Props & { quality: QualityTrend }) {
  const limits = [["asset.limit_low", quality.limit_low], ["asset.limit_high", quality.limit_high]] as const;
  const data = {
    ...quality.predicted, bandLow: quality.low, bandHigh: quality.high, dots: { time: quality.lab_time, value: quality.lab_value },
    limits: limits.flatMap(([key, at]) => (at === null ? [] : [{ at, text: say(key, { value: number(at) }), hot: true }])),
  };
  return (
    <Lane range={range} data={data} spans={trend.spans} unit={quality.unit} title={say("asset.quality", { target: quality.target })}
      label={say("asset.quality.label", { target: quality.target, n: quality.lab_time.length })} />
  );
});

export const TagLane = memo(function TagLane({ range, trend, line, tag }: Props & { line: TagTrend; tag: TagOfAsset }) {
  const data = { ...line.measured, bandLow: line.expected_low, bandHigh: line.expected_high };
  const value = tag.value === null ? "–" : quantity(tag.value, tag.unit);
  return <Lane range={range} data={data} spans={trend.spans} unit={line.unit} title={tag.name || tag.id} label={say("asset.tag.label", { name: tag.name || tag.id, value })} />;
});
