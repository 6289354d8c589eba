import assert from "node:assert/strict";
import { test } from "node:test";

import { Leader } from "../../wellchat/static/js/models/leader.js";
import { settle } from "./fakes.js";

/** Web Locks and BroadcastChannel for several tabs of one browser, as far as a leader uses them. */
class FakeBrowser {
  holder = null;
  queue = [];
  channels = [];

  locks = {
    request: (_name, { steal, signal }, granted) =>
      new Promise((_resolve, reject) => {
        const request = { granted, reject };
        signal?.addEventListener("abort", () => {
          this.queue = this.queue.filter((other) => other !== request);
          reject(new DOMException("", "AbortError"));
        });
        if (!steal) this.queue.push(request);
        else {
          this.holder?.reject(new DOMException("", "AbortError"));
          this.#grant(request);
        }
        if (!this.holder) this.#next();
      }),
  };

  channel() {
    const channel = { onmessage: null, postMessage: (data) => this.#tell(channel, data) };
    this.channels.push(channel);
    return channel;
  }

  /** The tab that leads is closed. */
  close() {
    this.holder = null;
    this.#next();
  }

  #next() {
    if (this.queue.length) this.#grant(this.queue.shift());
  }

  #grant(request) {
    this.holder = request;
    request.granted();
  }

  #tell(sender, data) {
    for (const channel of this.channels) if (channel !== sender) channel.onmessage({ data });
  }
}

function tab(browser) {
  const heard = [];
  const parts = [];
  const leader = new Leader({
    name: "poll",
    locks: browser.locks,
    channel: browser.channel(),
    lead: () => parts.push("lead"),
    follow: () => parts.push("follow"),
    onMessage: (message) => heard.push(message),
  });
  return { leader, heard, parts };
}

test("exactly one tab leads: the one that was visible last", async () => {
  const browser = new FakeBrowser();
  const tabs = Array.from({ length: 7 }, () => tab(browser));
  for (const { leader } of tabs) leader.start({ visible: true });
  await settle();
  assert.deepEqual(tabs.map(({ leader }) => leader.leading), [false, false, false, false, false, false, true]);
  tabs[2].leader.claim();
  tabs[2].leader.claim();
  await settle();
  assert.deepEqual(tabs.map(({ leader }) => leader.leading), [false, false, true, false, false, false, false]);
  assert.equal(tabs[6].parts.at(-1), "follow");
});

test("a tab opened in the background does not take the lead", async () => {
  const browser = new FakeBrowser();
  const [front, back] = [tab(browser), tab(browser)];
  front.leader.start({ visible: true });
  back.leader.start({ visible: false });
  await settle();
  assert.deepEqual([front.leader.leading, back.leader.leading], [true, false]);
});

test("when the leading tab closes, another one takes over", async () => {
  const browser = new FakeBrowser();
  const [front, back] = [tab(browser), tab(browser)];
  front.leader.start({ visible: true });
  back.leader.start({ visible: false });
  browser.close();
  await settle();
  assert.deepEqual(back.parts, ["follow", "lead"]);
});

test("the leader's messages reach the others and never itself; followers share nothing", async () => {
  const browser = new FakeBrowser();
  const [front, back] = [tab(browser), tab(browser)];
  front.leader.start({ visible: true });
  back.leader.start({ visible: false });
  await settle();
  front.leader.share({ update: 1 });
  back.leader.share({ update: 2 });
  assert.deepEqual([front.heard, back.heard], [[], [{ update: 1 }]]);
});

test("without Web Locks each tab polls for itself", () => {
  const parts = [];
  const leader = new Leader({ name: "poll", locks: undefined, channel: null, lead: () => parts.push("lead"), follow: () => {}, onMessage: () => {} });
  leader.start({ visible: false });
  leader.claim();
  leader.share({ update: 1 });
  assert.deepEqual(parts, ["lead"]);
});
