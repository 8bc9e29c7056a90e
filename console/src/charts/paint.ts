// Colours of the tokens for canvases, read again when the theme changes.
import { signal } from "@preact/signals";

/** Grows when colours changed: pictures draw again. */
export const theme = signal(0);
const read = new Map<string, string>();
let hatching: { ratio: number; pattern: CanvasPattern | string } | undefined;

for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
  window.matchMedia(query).addEventListener("change", () => {
    read.clear();
    hatching = undefined;
    theme.value += 1;
  });
}

export function colour(name: string): string {
  let found = read.get(name);
  if (found === undefined) {
    found = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    read.set(name, found);
  }
  return found;
}

/** Hatching for time in which nobody can judge; made once, used by every lane. */
export function hatch(context: CanvasRenderingContext2D, ratio: number): CanvasPattern | string {
  if (hatching?.ratio !== ratio) hatching = { ratio, pattern: hatched(context, ratio) };
  return hatching.pattern;
}

function hatched(context: CanvasRenderingContext2D, ratio: number): CanvasPattern | string {
  const tile = document.createElement("canvas");
  const size = 8 * ratio;
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return colour("hatch-b");
  pen.fillStyle = colour("hatch-b");
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = colour("hatch-a");
  pen.lineWidth = 1.5 * ratio;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat") ?? colour("hatch-b");
}
