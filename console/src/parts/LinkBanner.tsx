// Says honestly when the link to the service is gone, and how far behind the plant the service is.
import { signal } from "@preact/signals";
import { now } from "../api/clock";
import { link, lostSince, useLive } from "../api/live";
import { clock, duration } from "../words/format";
import { named, say } from "../words/say";

export const behind = signal(0);
/** Part of the service -> why it does not work. */
const trouble = signal<Record<string, string>>({});
const PATIENCE_S = 2;
/** Parts without which nothing can be kept further: what comes in waits in the journal. */
const STORING = new Set(["database", "loop", "disk"]);

export function LinkBanner() {
  useLive("behind", (data) => (behind.value = Number(data["behind_s"] ?? 0)));
  useLive("trouble", (data) => (trouble.value = data["parts"] as Record<string, string>));
  now.value; // looked at each second
  const gone = link.value === "lost" && Date.now() / 1000 - lostSince.value > PATIENCE_S;
  return (
    <div class="banners" role="status">
      {gone && (
        <p class="banner gone">
          <strong>{say("link.lost", { since: clock(lostSince.value) })}</strong> {say("link.lost.more")}
        </p>
      )}
      {link.value === "polling" && <p class="banner">{say("link.polling")}</p>}
      {Object.entries(trouble.value).map(([part, why]) => (
        <p class="banner gone" key={part}>
          <strong>{named("trouble", part)}</strong> {why} {STORING.has(part) && say("link.trouble.more")}
        </p>
      ))}
      {behind.value >= 60 && <p class="banner">{say("link.behind", { behind: duration(behind.value) })}</p>}
    </div>
  );
}
