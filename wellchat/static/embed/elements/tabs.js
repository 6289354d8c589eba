/* One hub counts for all elements of this page, and for all tabs of the host. */

import { Leader } from "../../js/models/leader.js";
import { Frame } from "./frame.js";
import { make } from "./make.js";

const CLAIM_AFTER = 3000; // ms a tab is visible before it takes the hub over
const AGAIN_AFTER = 60_000; // ms after which a hub that did not answer is tried again
const IDLE_WITHIN = 1000; // ms after which a busy page has it done all the same

/** Does this when the page is idle. */
export const idle = (act) => (window.requestIdleCallback ?? setTimeout)(act, { timeout: IDLE_WITHIN });

/** What a session has of tabs. Of the session itself it takes chat, counts, out, unread and brand; hear() and follow(). */
export class Tabs {
  hub = null;
  #leader = null;
  #channel = null;

  /** Begins to count, if an element shows it. */
  begin() {
    if (!this.counts) return;
    if (this.#leader) return this.#lead();
    const name = `wellchat ${this.chat}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }) => this.hear(data));
    this.#leader = new Leader({
      name,
      locks: navigator.locks,
      channel: this.#channel,
      lead: () => idle(() => this.#lead()),
      follow: () => (this.end(), this.tell({ ask: true })),
      onMessage: (message) => this.follow(message),
    });
    this.#leader.start({ visible: !document.hidden });
    document.addEventListener("visibilitychange", () => setTimeout(() => !document.hidden && this.counts && this.#leader.claim(), CLAIM_AFTER));
  }

  /** Tells all other tabs. */
  tell(message) {
    this.#channel?.postMessage(message);
  }

  /** Tells the tabs that follow this one what its hub has counted. */
  share() {
    const { unread, brand } = this;
    if (this.hub) this.#leader.share({ unread, brand });
  }

  end() {
    this.hub?.remove();
  }

  /** The hub has stopped. */
  stopped(code) {
    if (code === "no-answer") setTimeout(() => this.begin(), AGAIN_AFTER);
  }

  #lead() {
    if (this.hub || !this.counts || !this.#leader.leading) return;
    // Below a shadow root, where the styles of the page do not show it.
    const holder = make("div");
    document.body.append(holder);
    const box = holder.attachShadow({ mode: "closed" });
    this.hub = new Frame({ session: this, kind: "hub", box, on: this, end: () => (holder.remove(), (this.hub = null)) });
    this.hub.node.hidden = true;
  }
}
