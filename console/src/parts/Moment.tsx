// A moment on the site's clock; UTC on hover.
import { now } from "../api/clock";
import { moment, shortly, utc } from "../words/format";

export function Moment({ at, short = false }: { at: string | number; short?: boolean }) {
  if (at === "") return <span>–</span>;
  const text = short ? shortly(at, now.peek()) : moment(at);
  const iso = typeof at === "number" ? new Date(at * 1000).toISOString() : at;
  return (
    <time dateTime={iso} title={utc(at)}>
      {text}
    </time>
  );
}
