/* The one session of this page, and where this script came from. */

import { Session } from "./session.js";

export const script = document.currentScript ?? document.querySelector('script[src*="/embed/v1.js"]');
export const session = new Session(script.src);
if (script.dataset.tokenUrl) session.configure(addressOf(script.dataset.tokenUrl));

/* A function that asks this page's own server for a token, with the cookie of its own. */
function addressOf(given) {
  const url = new URL(given, document.baseURI);
  // Another site would answer without the cookie, and so for nobody: `mode`.
  const options = { method: "POST", headers: { Accept: "application/json" }, mode: "same-origin", cache: "no-store", redirect: "manual" };
  return async () => {
    const answer = await fetch(url, options);
    // Many servers lead who is not signed in to a page.
    if (answer.type === "opaqueredirect" || [204, 401, 403].includes(answer.status)) return null;
    if (!answer.ok) throw new Error(`data-token-url answers ${answer.status}`);
    return (await answer.json()).token;
  };
}
