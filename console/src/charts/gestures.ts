// Wheel, shift-drag and fingers over the lanes: the hand that moves the time.
import { GUTTER } from "./Lane";
import type { TimeRange } from "./time_range";

/** Let an element move a range; answers how to stop. */
export function gestures(element: HTMLElement, range: TimeRange): () => void {
  const moment = (x: number): number => {
    const bounds = element.getBoundingClientRect();
    const share = (x - bounds.left - GUTTER) / Math.max(1, bounds.width - GUTTER);
    return range.start.peek() + Math.max(0, Math.min(1, share)) * range.span.peek();
  };
  let wheeled = 0;
  const remember = (): void => {
    if (performance.now() - wheeled > 600) range.remember();
    wheeled = performance.now();
  };

  function wheel(event: WheelEvent): void {
    if (!(event.target instanceof Element) || !event.target.closest(".plot")) return;
    event.preventDefault();
    remember();
    const scale = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) range.pan((scale * (event.deltaX || event.deltaY)) / element.clientWidth, false);
    else range.zoom(Math.exp(Math.max(-1, Math.min(1, (scale * event.deltaY) / 400))), moment(event.clientX), false);
  }

  // Shift and the mouse: take hold of the time before the chart begins to draw a frame.
  function press(event: MouseEvent): void {
    if (!event.shiftKey || !(event.target instanceof Element) || !event.target.closest(".plot")) return;
    event.stopPropagation();
    event.preventDefault();
    range.remember();
    let x = event.clientX;
    const move = (moved: MouseEvent): void => {
      range.pan((x - moved.clientX) / Math.max(1, element.clientWidth - GUTTER), false);
      x = moved.clientX;
    };
    window.addEventListener("mousemove", move);
    window.addEventListener("mouseup", () => window.removeEventListener("mousemove", move), { once: true });
  }

  let fingers: [number, number] | undefined;
  function touch(event: TouchEvent): void {
    const points = [...event.touches].map((finger) => finger.clientX).sort((a, b) => a - b);
    if (points.length === 0) return void (fingers = undefined);
    const now: [number, number] = [points[0]!, points[1] ?? points[0]!];
    if (event.type === "touchmove" && fingers) {
      const width = Math.max(1, element.clientWidth - GUTTER);
      const [was, is] = [fingers[1] - fingers[0], now[1] - now[0]];
      if (was > 8 && is > 8) range.zoom(was / is, moment((now[0] + now[1]) / 2), false);
      range.pan((fingers[0] + fingers[1] - now[0] - now[1]) / 2 / width, false);
      if (points.length > 1 && event.cancelable) event.preventDefault();
    } else range.remember();
    fingers = now;
  }

  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("mousedown", press, { capture: true });
  for (const kind of ["touchstart", "touchmove", "touchend"] as const) element.addEventListener(kind, touch, { passive: false });
  return () => {
    element.removeEventListener("wheel", wheel);
    element.removeEventListener("mousedown", press, { capture: true });
    for (const kind of ["touchstart", "touchmove", "touchend"] as const) element.removeEventListener(kind, touch);
  };
}
