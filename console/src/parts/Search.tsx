// Search over assets, and over the words of alarms; `/` comes here from everywhere.
import { useState } from "preact/hooks";
import { get } from "../api/http";
import type { Overview } from "../api/types";
import { go, place } from "../route";
import { say } from "../words/say";

interface Found {
  text: string;
  more: string;
  to: string;
}

const COMBOBOX = { role: "combobox" } as object; // the types know the role for a datalist alone

let known: Promise<Overview> | undefined;

function assets(): Promise<Overview> {
  known ??= get<Overview>("/overview").catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}

export function Search() {
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found[]>([]);
  const [at, setAt] = useState(0);
  const open = text.trim() !== "" && found.length > 0;

  async function look(wanted: string): Promise<void> {
    setText(wanted);
    setAt(0);
    const word = wanted.trim().toLowerCase();
    if (!word) return setFound([]);
    const overview = await assets().catch(() => undefined);
    const hits = (overview?.tiles ?? [])
      .filter((tile) => `${tile.name} ${tile.asset} ${tile.line} ${tile.area}`.toLowerCase().includes(word))
      .slice(0, 8)
      .map((tile) => ({ text: tile.name, more: `${tile.area} ▸ ${tile.line}`, to: place("assets", tile.asset) }));
    const rest = { text: say("search.alarms", { text: wanted.trim() }), more: "", to: `/alarms?state=all&q=${encodeURIComponent(wanted.trim())}` };
    setFound([...hits, rest]);
  }

  function choose(item: Found): void {
    setText("");
    setFound([]);
    document.getElementById("search")?.blur();
    go(item.to);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      setText("");
      setFound([]);
      (event.target as HTMLElement).blur();
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      setAt((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if (open && event.key === "Enter" && !event.isComposing) {
      const item = found[at];
      if (item) choose(item);
    }
  }

  return (
    <div class="search" role="search">
      <input id="search" type="search" {...COMBOBOX} autocomplete="off" spellcheck={false} placeholder={say("search.placeholder")}
        aria-label={say("search.label")} aria-expanded={open} aria-controls="found" aria-autocomplete="list"
        aria-activedescendant={open ? `found-${at}` : undefined} value={text}
        onInput={(event) => void look(event.currentTarget.value)} onKeyDown={onKeyDown} onBlur={() => window.setTimeout(() => setFound([]), 200)} />
      <kbd aria-hidden="true">/</kbd>
      <ul id="found" role="listbox" aria-label={say("search.found")} hidden={!open}>
        {found.map((item, place) => (
          <li key={item.to} id={`found-${place}`} role="option" aria-selected={place === at} onPointerDown={() => choose(item)}>
            {item.text} <small>{item.more}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}
