import { say } from "../words/say";
import { drop, notices } from "./notices";

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <p key={notice.number} class={notice.bad ? "bad" : ""}>
          {notice.text}
          <button type="button" class="quiet" aria-label={say("close")} onClick={() => drop(notice.number)}>×</button>
        </p>
      ))}
    </div>
  );
}
