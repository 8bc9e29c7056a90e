// Places in the console are paths; the browser's history is the only state of navigation.
import { computed, signal } from "@preact/signals";

const here = signal(location.pathname + location.search);

export const path = computed(() => here.value.split("?")[0]!.split("/").filter(Boolean).map(decode));
export const query = computed(() => new URLSearchParams(here.value.split("?")[1] ?? ""));

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The path of a place: parts may hold anything. */
export function place(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** Go to a place; `replace` where the step is not worth a Back. */
export function go(to: string, replace = false): void {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  const before = here.value.split("?")[0];
  here.value = location.pathname + location.search;
  if (before !== location.pathname) window.scrollTo(0, 0);
}

/** The same page with other words after the question mark; `replace` where the step is not worth a Back. */
export function ask(changed: Record<string, string | string[] | undefined>, replace = true): void {
  const words = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changed)) {
    words.delete(name);
    for (const one of Array.isArray(value) ? value : value ? [value] : []) words.append(name, one);
  }
  const tail = words.toString();
  go(location.pathname + (tail ? `?${tail}` : ""), replace);
}

/** Let links and the Back button work without loading the page again. */
export function follow(): void {
  window.addEventListener("popstate", () => (here.value = location.pathname + location.search));
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const to = link.getAttribute("href") ?? "";
    if (!to.startsWith("/") || to.startsWith("/api/") || link.target || link.hasAttribute("download")) return;
    event.preventDefault();
    go(to);
  });
}
