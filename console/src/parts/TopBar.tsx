// Site, search, the state of the link, the site's clock, the person.
import { now } from "../api/clock";
import { session } from "../api/http";
import { link } from "../api/live";
import { clock, utc } from "../words/format";
import { say } from "../words/say";
import { Search } from "./Search";

export function TopBar() {
  const who = session.value;
  return (
    <header class="topbar">
      <a class="site" href="/" aria-label={who?.site || "Andon"}>
        <svg viewBox="0 0 24 24" aria-hidden="true" class="logo"><path d="M12 3v7M12 9l8 11H4z" /></svg>
        <span>{who?.site || "Andon"}</span>
      </a>
      <Search />
      <span class={`link ${link.value}`}>
        <i aria-hidden="true" />
        <span>{say(`link.state.${link.value}`)}</span>
      </span>
      <Clock />
      <a class="person" href="/settings" title={say("nav.settings")}>{who?.name || who?.user}</a>
    </header>
  );
}

function Clock() {
  return <time class="clock" title={utc(now.value)}>{clock(now.value)}</time>;
}
