// A message asked whether the alarm was true, and its button led here: nothing is marked before the person says so here.
import { may } from "../../api/http";
import type { Resource } from "../../api/resource";
import type { CasePage } from "../../api/types";
import { ask, query } from "../../route";
import { say } from "../../words/say";
import { Dialog } from "../Dialog";
import { actOn } from "./CaseActs";

const MARKS = ["true", "false"] as const;

export function AskedMark({ data, resource }: { data: CasePage; resource: Resource<CasePage> }) {
  const wished = MARKS.find((mark) => mark === query.value.get("mark"));
  if (!wished || !may("operator") || data.mark === wished) return null;
  const close = (): void => ask({ mark: undefined });
  return (
    <Dialog title={say("case.mark.title")} onClose={close}>
      <p class="sentence">{data.text}</p>
      <p><small>{say("case.mark.text")}</small></p>
      <div class="buttons">
        {[wished, ...MARKS.filter((mark) => mark !== wished)].map((mark) => (
          <button key={mark} type="button" class={mark === wished ? "first" : ""} autoFocus={mark === wished}
            onClick={() => (close(), actOn(data, resource)({ kind: "mark", mark }))}>{say(`case.mark.${mark}`)}</button>
        ))}
        <button type="button" class="quiet" onClick={close}>{say("case.mark.later")}</button>
      </div>
    </Dialog>
  );
}
