/* The second script, which shows conversations: it comes once, when an element first wants it. */

import { Counter } from "./bell.js";
import { Frame } from "./frame.js";
import { script, session } from "./here.js";
import { button, make } from "./make.js";
import { styles } from "./style.js";

// A browser may have a v1.js of an hour ago: what stands here, and what elements call in a pane, stays as it is.
const SHARED = { Counter, Frame, button, make, session, styles };
let coming = null;

/** Resolves to the classes of panes by the names of their elements; rejects if they cannot be fetched, and may be asked again. */
export function panes() {
  coming ??= new Promise((resolve, reject) => {
    const made = make("script", { src: new URL("v1-panes.js", session.base) });
    made.nonce = script.nonce;
    made.onerror = () => reject((coming = null));
    document.head.append(Object.assign(made, { given: SHARED, take: resolve }));
  });
  return coming;
}
