/* The second script, which shows conversations: it comes once, when an element first wants it. */

import { Counter } from "./bell.js";
import { Frame } from "./frame.js";
import { script, session } from "./here.js";
import { button, make } from "./make.js";
import { styles } from "./style.js";

let coming = null;

/** Resolves to the classes of panes by the names of their elements; to null if they cannot be fetched; then it may be asked again. */
export function panes() {
  coming ??= new Promise((resolve) => {
    const made = make("script", { src: new URL("v1-panes.js", session.base) });
    made.nonce = script.nonce;
    // A browser may have a v1.js of an hour ago: what stands here, and what elements call in a pane, stays as it is.
    made.given = { Counter, Frame, button, make, session, styles };
    made.take = resolve;
    made.onerror = () => resolve((coming = null));
    document.head.append(made);
  });
  return coming;
}
