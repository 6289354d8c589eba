/* The one session of this page, and where this script came from. */

import { Session } from "./session.js";

export const script = document.currentScript ?? document.querySelector('script[src*="/embed/v1.js"]');
export const session = new Session(script.src);
const { tokenUrl } = script.dataset;
if (tokenUrl) session.configure(asker(new URL(tokenUrl, document.baseURI)));

/* A function that asks this page's own server for a token, with the cookie of its own. */
function asker(url) {
  return async () => {
    // Another site would answer without the cookie, and so for nobody: `mode`.
    const answer = await fetch(url, { method: "POST", headers: { Accept: "application/json" }, mode: "same-origin", cache: "no-store", redirect: "manual" });
    // Many servers lead who is not signed in to a page: 0.
    if ([0, 204, 401, 403].includes(answer.status)) return null;
    if (!answer.ok) throw new Error(`data-token-url answers ${answer.status}`);
    return (await answer.json()).token;
  };
}
