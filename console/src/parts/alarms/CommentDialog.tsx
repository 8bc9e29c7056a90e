import { useState } from "preact/hooks";
import type { Act } from "../../api/types";
import { say } from "../../words/say";
import { Dialog } from "../Dialog";

export function CommentDialog({ onClose, onAct }: { onClose: () => void; onAct: (act: Act) => void }) {
  const [text, setText] = useState("");
  return (
    <Dialog title={say("comment.title")} onClose={onClose}>
      <form onSubmit={(event) => (event.preventDefault(), text.trim() && onAct({ kind: "comment", text: text.trim() }))}>
        <div class="field">
          <label for="comment">{say("comment.text")}</label>
          <textarea id="comment" rows={4} maxLength={4000} required autoFocus value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </div>
        <button type="submit" class="first">{say("comment.do")}</button>
      </form>
    </Dialog>
  );
}
