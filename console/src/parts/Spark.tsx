// A small line of the last hour against its limit: no axis, no animation, the words say the rest.
interface Props {
  values: (number | null)[];
  limit?: number;
  label: string;
  hot?: boolean;
}

const WIDTH = 120;
const HEIGHT = 28;

export function Spark({ values, limit = 1, label, hot = false }: Props) {
  const top = Math.max(limit * 1.25, ...values.map((value) => value ?? 0));
  const x = (place: number): string => ((place / Math.max(1, values.length - 1)) * (WIDTH - 2) + 1).toFixed(1);
  const y = (value: number): string => (HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1);
  let path = "";
  let pen = false;
  values.forEach((value, place) => {
    if (value !== null) path += `${pen ? "L" : "M"}${x(place)} ${y(value)}`;
    pen = value !== null;
  });
  return (
    <svg class={hot ? "spark hot" : "spark"} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line x1="0" x2={WIDTH} y1={y(limit)} y2={y(limit)} class="limit" />
      <path d={path} />
    </svg>
  );
}
