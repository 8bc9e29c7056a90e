// The plant as tiles, worst first. Values change in their place; the order changes when somebody asks for it.
import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
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

/** Above so many tiles the plant is large: what is normal is folded away. */
const MANY = 300;

function badness(tile: Tile, coarse = false): number {
  return WORST.indexOf(tile.state) * 10 + (tile.priority ?? 9) - (coarse ? 0 : Math.min(0.9, (tile.ratio ?? 0) / 10));
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

/** The plant as it is drawn: each tile a signal of its own, so that one change draws one tile, of ten thousand as of ten. */
class Plant {
  readonly tiles = new Map<string, Signal<Tile>>();
  readonly lines = signal<Line[]>([]);
  /** Grows when states changed, at most once a second. */
  readonly changed = signal(0);
  private waiting = false;

  take(tiles: Tile[]): void {
    const names = new Set(tiles.map((tile) => tile.asset));
    const same = names.size === this.tiles.size && tiles.every((tile) => this.tiles.has(tile.asset));
    for (const name of this.tiles.keys()) if (!names.has(name)) this.tiles.delete(name);
    for (const tile of tiles) this.put(tile);
    if (!same) this.arrange();
    this.changed.value += 1;
  }

  hear(tile: Tile): void {
    const before = this.tiles.get(tile.asset)?.peek();
    if (!before) return;
    this.put(tile);
    if (before.state === tile.state && before.priority === tile.priority) return;
    if (this.waiting) return;
    this.waiting = true;
    window.setTimeout(() => {
      this.waiting = false;
      this.changed.value += 1;
    }, this.tiles.size > MANY ? 1000 : 0);
  }

  arrange(): void {
    this.lines.value = order(this.all());
  }

  all(): Tile[] {
    return [...this.tiles.values()].map((tile) => tile.peek());
  }

  /** Whether somebody stands in front of one who is worse: the small moves of evidence do not count. */
  disordered(): boolean {
    const rank = (asset: string): number => Math.floor(badness(this.tiles.get(asset)!.peek(), true));
    const sorted = (ranks: number[]): boolean => ranks.every((one, place) => place === 0 || ranks[place - 1]! <= one);
    const lines = this.lines.peek().map((line) => line.assets.filter((asset) => this.tiles.has(asset)).map(rank));
    return !lines.every(sorted) || !sorted(lines.map((ranks) => Math.min(...ranks)));
  }

  private put(tile: Tile): void {
    const own = this.tiles.get(tile.asset);
    if (own) own.value = tile;
    else this.tiles.set(tile.asset, signal(tile));
  }
}

export function OverviewPage() {
  const overview = useResource<Overview>("/overview");
  const plant = useMemo(() => new Plant(), []);
  const data = overview.data.value;
  useEffect(() => data && plant.take(data.tiles), [data]);
  useLive("tile", (told) => plant.hear(told as unknown as Tile));
  useLive("ticks", () => overview.reload());
  useKeys({ j: () => step(1), k: () => step(-1) });
  return (
    <Page title={say("overview.title")} question={say("overview.question")} side={<Side plant={plant} />}>
      <Waiting of={overview} shape="tiles">
        {(found) => (
          <>
            {found.moved.map((group) => <p class="note" key={group}>{say("overview.moved", { group })} <a href={`/budget/${encodeURIComponent(group)}`}>{say("overview.moved.more")}</a></p>)}
            <Links sources={found.sources} />
            {found.tiles.length === 0 && <p class="note">{say("overview.empty")}</p>}
            {plant.lines.value.map((line) => <LineOfTiles key={`${line.area}|${line.line}`} line={line} plant={plant} />)}
          </>
        )}
      </Waiting>
    </Page>
  );
}

function Side({ plant }: { plant: Plant }) {
  plant.changed.value;
  plant.lines.value;
  const moved = plant.disordered();
  return (
    <>
      <Summary tiles={plant.all()} />
      <button type="button" class={moved ? "reorder" : "reorder hidden"} disabled={!moved} onClick={() => plant.arrange()}>{say("overview.reorder")}</button>
    </>
  );
}

/** A line; in a large plant those that are normal wait behind a button. */
function LineOfTiles({ line, plant }: { line: Line; plant: Plant }) {
  const [whole, setWhole] = useState(plant.tiles.size <= MANY);
  plant.changed.value;
  const shown = line.assets.filter((asset) => plant.tiles.has(asset) && (whole || plant.tiles.get(asset)!.peek().state !== "normal"));
  const hidden = line.assets.length - shown.length;
  return (
    <section class="line">
      {line.area || line.line ? <h2>{[line.area, line.line].filter(Boolean).join(" ▸ ")}</h2> : <h2 class="visually-hidden">{say("overview.assets")}</h2>}
      {shown.length > 0 && <ul class="tiles">{shown.map((asset) => <li key={asset}><OneTile tile={plant.tiles.get(asset)!} /></li>)}</ul>}
      {hidden > 0 && <button type="button" class="hiddenones" onClick={() => setWhole(true)}>{count("overview.and_normal", hidden)}</button>}
    </section>
  );
}

function OneTile({ tile }: { tile: Signal<Tile> }) {
  return <TileCard tile={tile.value} />;
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
