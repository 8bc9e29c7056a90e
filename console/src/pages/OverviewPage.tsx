// The plant as tiles, worst first. Values change in their place; the order changes when somebody asks for it.
import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useLive } from "../api/live";
import { useResource } from "../api/resource";
import type { Overview, Source, Tile } from "../api/types";
import { Page } from "../parts/Page";
import { Mark } from "../parts/Mark";
import { TileCard } from "../parts/TileCard";
import { Waiting } from "../parts/Waiting";
import { useKeys } from "../keyboard";
import { list } from "../words/format";
import { count, named, say } from "../words/say";

const WORST = ["alarm", "anomalous", "cannot_judge", "no_model", "normal"];

function badness(tile: Tile): number {
  return WORST.indexOf(tile.state) * 10 + (tile.priority ?? 9) - Math.min(0.9, (tile.ratio ?? 0) / 10);
}

interface Line {
  area: string;
  line: string;
  assets: string[];
}

/** Lines with their assets, worst first in each and among each other. */
function order(tiles: Tile[]): Line[] {
  const lines = new Map<string, Tile[]>();
  for (const tile of [...tiles].sort((a, b) => badness(a) - badness(b) || a.name.localeCompare(b.name))) {
    const key = `${tile.area}\u0000${tile.line}`;
    lines.set(key, [...(lines.get(key) ?? []), tile]);
  }
  return [...lines.values()].map((group) => ({ area: group[0]!.area, line: group[0]!.line, assets: group.map((tile) => tile.asset) }));
}

export function OverviewPage() {
  const overview = useResource<Overview>("/overview");
  const state = useMemo(() => ({ tiles: signal<Record<string, Tile>>({}), lines: signal<Line[]>([]) }), []);
  const data = overview.data.value;
  useEffect(() => {
    if (!data) return;
    state.tiles.value = Object.fromEntries(data.tiles.map((tile) => [tile.asset, tile]));
    const known = new Set(state.lines.value.flatMap((line) => line.assets));
    if (known.size !== data.tiles.length || data.tiles.some((tile) => !known.has(tile.asset))) state.lines.value = order(data.tiles);
  }, [data]);
  useLive("tile", (told) => {
    const tile = told as unknown as Tile;
    if (state.tiles.value[tile.asset]) state.tiles.value = { ...state.tiles.value, [tile.asset]: tile };
  });
  useKeys({ j: () => step(1), k: () => step(-1) });

  const all = Object.values(state.tiles.value);
  const fresh = order(all);
  const moved = all.length > 0 && JSON.stringify(fresh) !== JSON.stringify(state.lines.value);
  const side = (
    <>
      <Summary tiles={all} />
      <button type="button" class={moved ? "reorder" : "reorder hidden"} disabled={!moved} onClick={() => (state.lines.value = fresh)}>{say("overview.reorder")}</button>
    </>
  );
  return (
    <Page title={say("overview.title")} question={say("overview.question")} side={side}>
      <Waiting of={overview} shape="tiles">
        {(found) => (
          <>
            {found.moved.map((group) => <p class="note" key={group}>{say("overview.moved", { group })} <a href={`/budget/${encodeURIComponent(group)}`}>{say("overview.moved.more")}</a></p>)}
            <Links sources={found.sources} />
            {found.tiles.length === 0 && <p class="note">{say("overview.empty")}</p>}
            {state.lines.value.map((line) => (
              <section class="line" key={`${line.area}|${line.line}`}>
                <h2>{[line.area, line.line].filter(Boolean).join(" ▸ ")}</h2>
                <ul class="tiles">
                  {line.assets.map((asset) => {
                    const tile = state.tiles.value[asset];
                    return tile && <li key={asset}><TileCard tile={tile} /></li>;
                  })}
                </ul>
              </section>
            ))}
          </>
        )}
      </Waiting>
    </Page>
  );
}

/** Links that do not deliver: a plant that looks calm because nothing comes in must not look calm. */
function Links({ sources }: { sources: Source[] }) {
  const ill = sources.filter((source) => source.state !== "live");
  if (ill.length === 0) return null;
  const names = ill.map((source) => say("overview.link", { name: source.name, state: named("source", source.state) }));
  return <p class="note">{count("overview.links", ill.length, { names: list(names) })} <a href="/data">{say("overview.links.more")}</a></p>;
}

function Summary({ tiles }: { tiles: Tile[] }) {
  const states = WORST.map((state) => [state, tiles.filter((tile) => tile.state === state).length] as const).filter(([, n]) => n > 0);
  return (
    <p class="summary">
      {states.map(([state, n]) => (
        <span key={state} title={named("state", state)}>
          <Mark state={state} priority={state === "alarm" ? Math.min(...tiles.map((tile) => tile.priority ?? 9)) : null} spoken={false} /> {count(`overview.${state}` as "overview.alarm", n)}
        </span>
      ))}
    </p>
  );
}

/** Move the focus over the tiles. */
function step(by: number): void {
  const tiles = [...document.querySelectorAll<HTMLAnchorElement>(".tile > h3 > a")];
  const at = tiles.findIndex((tile) => tile === document.activeElement);
  tiles[Math.max(0, Math.min(tiles.length - 1, at + by))]?.focus();
}
