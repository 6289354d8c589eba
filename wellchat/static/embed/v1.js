/* The script of a host's page: elements that show conversations, each a thin shell around a frame of this site. It is served
   as one classic script at /embed/v1.js; docs/embed.md says how it is used. What stands in v1-panes.js comes when it is wanted. */

import { Bell } from "./elements/bell.js";
import { session } from "./elements/here.js";
import { Inbox, Popup, Thread } from "./elements/pane.js";

const elements = { bell: Bell, inbox: Inbox, thread: Thread, popup: Popup };
const given = globalThis.wellchat; // {token}, from a script that ran before this one

// A page may have the script twice.
if (!customElements.get("wellchat-bell")) {
  globalThis.wellchat = {
    /** Says how to get a token: `token` is a function. It also starts again after a sign-out. */
    configure: ({ token } = {}) => session.configure(token),
    /** Opens the popup, at a conversation if one is named: {with, thread, subject}. */
    open: (what) => session.popup().open(what),
    close: () => session.find("popup")?.close(),
    /** Ends the sessions of all frames of this page, in every tab, and drops what they hold. */
    signOut: () => session.signOut(),
  };
  session.configure(given?.token);
  for (const [name, Element] of Object.entries(elements)) customElements.define(`wellchat-${name}`, Element);
}
