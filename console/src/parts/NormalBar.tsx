// A value beside its normal: a bar with the expected range and a mark where the value is.
import { number, quantity } from "../words/format";
import { say } from "../words/say";

interface Props {
  value: number | null;
  low: number | null;
  high: number | null;
  unit: string;
  sigma?: number | null;
  limits?: [number | null, number | null];
}

export function NormalBar({ value, low, high, unit, sigma = null, limits = [null, null] }: Props) {
  if (value === null || low === null || high === null) return <span class="normalbar empty" />;
  const known = [value, low, high, ...limits.filter((limit): limit is number => limit !== null)];
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const pad = (most - least) * 0.15 || Math.abs(value) * 0.01 || 1;
  const at = (x: number): number => (100 * (x - least + pad)) / (most - least + 2 * pad);
  const text = [
    say("value.normal", { low: number(low), high: quantity(high, unit) }),
    ...(sigma === null ? [] : [say("value.sigma", { sigma: number(sigma, 2) })]),
  ].join(" ");
  return (
    <svg class={value < low || value > high ? "normalbar out" : "normalbar"} viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label={text}>
      <title>{text}</title>
      <rect class="whole" x="0" y="5" width="100" height="2" />
      <rect class="band" x={at(low)} y="2" width={Math.max(1, at(high) - at(low))} height="8" />
      {limits.map((limit) => limit !== null && <rect class="limit" x={at(limit) - 0.5} y="0" width="1" height="12" />)}
      <rect class="value" x={at(value) - 1.25} y="0" width="2.5" height="12" />
    </svg>
  );
}
