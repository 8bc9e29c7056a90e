import { render } from "preact";
import { App } from "./app";
import { start } from "./api/session";
import { hearKeys } from "./keyboard";
import { follow } from "./route";
import "@design/tokens.css";
import "./style/frame.css";
import "./style/parts.css";
import "./style/pages.css";

follow();
hearKeys();
const root = document.getElementById("console");
// The language first, so that no word changes under the eye.
if (root) void start().finally(() => render(<App />, root));
