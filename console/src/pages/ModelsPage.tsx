// Versions as a ladder: the champion, challengers in shadow, the past; their report cards side by side.
import { useState } from "preact/hooks";
import { address, may, post } from "../api/http";
import { useResource } from "../api/resource";
import type { Models, ModelVersion } from "../api/types";
import { Dialog } from "../parts/Dialog";
import { Moment } from "../parts/Moment";
import { tell } from "../parts/notices";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { Waiting } from "../parts/Waiting";
import { day, duration, number } from "../words/format";
import { named, say } from "../words/say";

const RUNGS = ["champion", "shadow", "past"];
type Way = "promote" | "rollback";

export function ModelsPage() {
  const models = useResource<Models>("/models");
  const [wanted, setWanted] = useState<{ version: ModelVersion; way: Way }>();
  return (
    <Page title={say("models.title")} question={say("models.question")}>
      <Waiting of={models}>
        {(found) => (
          <div class="stack">
            {found.versions.length === 0 && <p class="note">{say("models.none")}</p>}
            {[...new Set(found.versions.map((version) => version.model))].map((model) => (
              <Ladder key={model} model={model} versions={found.versions.filter((version) => version.model === model)} onWish={(version, way) => setWanted({ version, way })} />
            ))}
          </div>
        )}
      </Waiting>
      {wanted && <Confirm {...wanted} onClose={() => setWanted(undefined)} onDone={(now) => ((models.data.value = now), setWanted(undefined))} />}
    </Page>
  );
}

function rung(version: ModelVersion): number {
  const at = RUNGS.indexOf(version.state);
  return at < 0 ? 1 : at;
}

function Ladder({ model, versions, onWish }: { model: string; versions: ModelVersion[]; onWish: (version: ModelVersion, way: Way) => void }) {
  const ladder = [...versions].sort((a, b) => rung(a) - rung(b) || b.version.localeCompare(a.version));
  const champion = ladder.find((version) => version.state === "champion");
  const keys = [...new Set(ladder.flatMap((version) => Object.keys(version.card)))];
  const newestPast = ladder.find((version) => version.state === "past");
  return (
    <Panel question={say("models.ladder", { model })} side={<small>{say("models.assets", { assets: ladder[0]!.assets.join(", ") })}</small>}>
      <div class="scroll" tabIndex={0} role="group" aria-label={say("models.ladder", { model })}>
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">{say("models.version")}</th>
              {ladder.map((version) => (
                <th scope="col" key={version.version} class={version.state}>
                  <span class="rung">{named("model_state", version.state)}</span>
                  <Moment at={version.trained} />
                  <small class="mono">{version.version.slice(-8)}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{say("models.method")}</th>
              {ladder.map((version) => <td key={version.version} class={version.state}>{version.method || "–"}</td>)}
            </tr>
            <tr>
              <th scope="row">{say("models.signed")}</th>
              {ladder.map((version) => <td key={version.version} class={version.state}>{say(version.signed ? "yes" : "no")}</td>)}
            </tr>
            {keys.map((key) => (
              <tr key={key}>
                <th scope="row">{named("card", key)}</th>
                {ladder.map((version) => (
                  <td key={version.version} class={version.state}>
                    {shown(key, version.card[key])} <small>{difference(version, champion, key)}</small>
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row"><span class="visually-hidden">{say("models.acts")}</span></th>
              {ladder.map((version) => (
                <td key={version.version} class={version.state}>
                  {version.state === "shadow" && <button type="button" disabled={!may("engineer")} onClick={() => onWish(version, "promote")}>{say("models.promote")}</button>}
                  {version === newestPast && <button type="button" disabled={!may("engineer")} onClick={() => onWish(version, "rollback")}>{say("models.rollback")}</button>}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      {!may("engineer") && <p><small>{say("models.engineer")}</small></p>}
    </Panel>
  );
}

/** A line of the card as people read it: a name says what its value is, as the service's `model_cards` has them. */
function shown(key: string, value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number" && key.endsWith("_s")) return duration(value);
  if (typeof value === "string" && /_(from|to)$/.test(key)) return day(value) === "–" ? value : day(value);
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** By how much a challenger differs from the champion. */
function difference(version: ModelVersion, champion: ModelVersion | undefined, key: string): string {
  const [a, b] = [version.card[key], champion?.card[key]];
  if (version === champion || typeof a !== "number" || typeof b !== "number" || a === b) return "";
  return `${a > b ? "+" : "−"}${key.endsWith("_s") ? duration(Math.abs(a - b)) : number(Math.abs(a - b), 2)}`;
}

function Confirm({ version, way, onClose, onDone }: { version: ModelVersion; way: Way; onClose: () => void; onDone: (now: Models) => void }) {
  const [wrong, setWrong] = useState("");
  async function go(): Promise<void> {
    try {
      onDone(await post<Models>(address(way === "promote" ? ["models", version.model, version.version, way] : ["models", version.model, way])));
      tell(say("models.done", { version: version.version.slice(-8) }));
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <Dialog title={say(`models.${way}.title`, { version: version.version.slice(-8) })} onClose={onClose}>
      <p>{say(`models.${way}.text`, { model: version.model })}</p>
      {wrong && <p class="wrong" role="alert">{wrong}</p>}
      <button type="button" class="first" autoFocus onClick={() => void go()}>{say(`models.${way}`)}</button>
    </Dialog>
  );
}
