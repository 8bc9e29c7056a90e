// The tags of the asset, those that explain the evidence at the cursor first.
import { useEffect, useState } from "preact/hooks";
import { address, get, iso, may } from "../../api/http";
import type { AssetPage, Share, TagOfAsset } from "../../api/types";
import type { TimeRange } from "../../charts/time_range";
import { NormalBar } from "../../parts/NormalBar";
import { Origin, type Source } from "../../parts/Origin";
import { Panel } from "../../parts/Panel";
import { number, percent, quantity, shortly } from "../../words/format";
import { now } from "../../api/clock";
import { named, say } from "../../words/say";
import { OutOfServiceDialog } from "../../parts/OutOfServiceDialog";

const REST_MS = 250;
const MOST = 200;

interface Props {
  page: AssetPage;
  range: TimeRange;
  chosen: Set<string>;
  onChoose: (id: string) => void;
}

export function TagList({ page, range, chosen, onChoose }: Props) {
  const [shares, setShares] = useState<Map<string, number>>();
  const [word, setWord] = useState("");
  const [taking, setTaking] = useState<TagOfAsset>();
  const cursor = range.cursor.value;
  useEffect(() => {
    if (cursor === null) return setShares(undefined);
    const stop = new AbortController();
    const timer = window.setTimeout(() => {
      get<Share[]>(address(["assets", page.asset, "shares"], { at: iso(cursor) }), stop.signal)
        .then((found) => setShares(new Map(found.map((share) => [share.tag, share.share]))), () => undefined);
    }, REST_MS);
    return () => (window.clearTimeout(timer), stop.abort());
  }, [cursor, page.asset]);

  const share = (tag: TagOfAsset): number | null => (shares ? shares.get(tag.id) ?? null : tag.share);
  const wanted = word.trim().toLowerCase();
  const shown = page.tags
    .filter((tag) => !wanted || `${tag.name} ${tag.id} ${tag.group}`.toLowerCase().includes(wanted))
    .sort((a, b) => (share(b) ?? -1) - (share(a) ?? -1))
    .slice(0, MOST);
  return (
    <Panel class="taglist" question={say("asset.tags")} side={<small>{cursor === null ? say("asset.tags.now") : say("asset.tags.at", { when: shortly(cursor, now.peek()) })}</small>}>
      <input type="search" aria-label={say("asset.tags.filter")} placeholder={say("asset.tags.filter")} value={word} onInput={(event) => setWord(event.currentTarget.value)} />
      <ul>
        {shown.map((tag) => (
          <li key={tag.id} class={tag.out_of_service ? "out" : ""}>
            <label>
              <input type="checkbox" checked={chosen.has(tag.id)} onChange={() => onChoose(tag.id)} />
              <span class="name" title={tag.id}>{tag.name || tag.id}</span>
              <span class="share" title={say("asset.share")}>{percent(share(tag))}</span>
            </label>
            <div class="now">
              <NormalBar value={tag.value} low={tag.expected_low} high={tag.expected_high} unit={tag.unit} sigma={tag.deviation_sigma} />
              <span class="value">
                {tag.value === null ? named("status", tag.status)
                  : <Origin title={tag.name || tag.id} text={say("asset.value.text")} sources={sources(tag, page)}>{quantity(tag.value, tag.unit)}</Origin>}
              </span>
              {tag.out_of_service
                ? <small>{say("asset.out", { why: tag.out_of_service })}</small>
                : may("operator") && <button type="button" class="quiet small" aria-label={say("asset.take_out", { name: tag.name || tag.id })} title={say("asset.take_out", { name: tag.name || tag.id })} onClick={() => setTaking(tag)}><svg viewBox="0 0 24 24" class="icon" aria-hidden="true"><path d="M12 3v8M6.5 6.5a8 8 0 1 0 11 0" /></svg></button>}
            </div>
          </li>
        ))}
      </ul>
      {taking && <OutOfServiceDialog asset={page.asset} tag={taking.id} onClose={() => setTaking(undefined)} />}
    </Panel>
  );
}

function sources(tag: TagOfAsset, page: AssetPage): Source[] {
  return [
    { name: say("origin.tag"), value: <span class="mono">{tag.id}</span> },
    { name: say("origin.status"), value: named("status", tag.status) },
    { name: say("origin.expected"), value: `${number(tag.expected_low)} – ${quantity(tag.expected_high, tag.unit)}` },
    { name: say("origin.deviation"), value: tag.deviation_sigma === null ? "–" : `${number(tag.deviation_sigma, 2)} σ` },
    { name: say("origin.range"), value: tag.low === null && tag.high === null ? "–" : `${number(tag.low)} – ${quantity(tag.high, tag.unit)}` },
    { name: say("origin.model"), value: <a href="/models">{page.model}</a> },
  ];
}
