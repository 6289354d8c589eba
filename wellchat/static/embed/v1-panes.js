/* The second script of a host's page: what shows conversations. v1.js brings it when an element is seen or opened, and hands
   over what both need; it is served as one classic script at /embed/v1-panes.js. */

import { Inbox, Thread } from "./panes/places.js";
import { Popup } from "./panes/popup.js";

document.currentScript.take({ inbox: Inbox, thread: Thread, popup: Popup });
