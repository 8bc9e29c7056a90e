import type { Tile } from "../../api/types";
import { say } from "../../words/say";

interface Props {
  tiles: Tile[];
  chosen: string[];
  onChosen: (assets: string[]) => void;
}

export function AssetChoice({ tiles, chosen, onChosen }: Props) {
  return (
    <fieldset class="assets">
      <legend>{say("assets.which")}</legend>
      {tiles.map((tile) => (
        <label key={tile.asset} class="check">
          <input type="checkbox" checked={chosen.includes(tile.asset)}
            onChange={(event) => onChosen(event.currentTarget.checked ? [...chosen, tile.asset] : chosen.filter((asset) => asset !== tile.asset))} />
          {tile.name || tile.asset}
        </label>
      ))}
    </fieldset>
  );
}
