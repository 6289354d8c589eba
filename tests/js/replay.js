/* The page's own store and poller, outside a page, fed what devices were really answered: `node replay.js HISTORY`.
   Each device must end with what a fresh look shows. Prints what it compared; exits with 1 where anything differs. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Poller } from "../../wellchat/static/js/models/poller.js";
import { Store } from "../../wellchat/static/js/models/store.js";

const lines = readFileSync(process.argv[2], "utf8").trim().split("\n").map((line) => JSON.parse(line));
const fresh = new Map(lines.filter((line) => line.fresh).map((line) => [line.fresh, line]));
const devices = new Map();
for (const line of lines) if (line.device) devices.set(line.device, [...(devices.get(line.device) ?? []), line]);
const compared = { devices: 0, polls: 0, resyncs: 0, threads: 0, messages: 0, notifications: 0 };

for (const calls of devices.values()) await replay(calls);
console.log(JSON.stringify(compared));

async function replay(calls) {
  const user = calls[0].user;
  const store = new Store({ viewerId: user });
  const floors = new Map();
  const queue = calls.filter((call) => call.op === "poll" || call.about.load);
  let over = false;

  /* A page is loaded: lists in place of all that was folded before. */
  const load = () => {
    let cursor = null;
    while (queue.length && queue[0].op !== "poll") {
      const { op, about, answer, status } = queue.shift();
      if (status !== 200) continue;
      if (op === "threads") {
        store.reset({ threads: answer.threads });
        floors.clear();
        cursor = answer.cursor;
      } else if (op === "messages") {
        store.apply({ messages: answer.messages });
        floors.set(about.thread, (answer.messages[0]?.seq ?? 1) - 1);
      } else if (op === "notifications") store.apply({ notifications: answer.notifications });
      else if (op === "me") store.apply({ unread: answer.unread });
    }
    return cursor;
  };

  const request = async () => {
    if (!queue.length) {
      over = true;
      throw Object.assign(new Error("the history ends"), { status: 0 });
    }
    if (queue[0].op !== "poll") load(); // it was loaded anew without having been told to
    if (!queue.length) return request();
    const { status, answer } = queue.shift();
    compared.polls += 1;
    if (status === 200 || status === 204) return { status, data: answer, headers: new Map([["X-Poll-Interval", "3"]]) };
    throw Object.assign(new Error(String(status)), { status: status ?? 0, problem: answer });
  };

  const resync = async (reason, cursor) => {
    compared.resyncs += 1;
    return load() ?? cursor;
  };
  const poller = new Poller({ api: { request }, cursor: load(), apply: async (update) => store.apply(update), resync });
  while (!over) await poller.pollOnce();
  agree(store, floors, fresh.get(user));
  compared.devices += 1;
}

function agree(store, floors, truth) {
  for (const [id, thread] of Object.entries(truth.threads)) {
    assert.deepEqual(settled(store.threads.get(id)), settled(thread));
    compared.threads += 1;
    const expected = truth.messages[id].filter(({ seq }) => seq > (floors.get(id) ?? 0));
    const held = store.timeline(id).filter(({ seq }) => seq > (floors.get(id) ?? 0));
    assert.deepEqual(held, expected);
    compared.messages += held.length;
  }
  for (const [id, notification] of store.notifications) {
    assert.deepEqual(notification, truth.notifications[id]);
    compared.notifications += 1;
  }
  assert.deepEqual(store.unread, truth.unread);
}

/* Without what changes by the mere passing of time. */
function settled({ muted, other, ...thread }) {
  const { presence, seen_at, ...person } = other;
  return { ...thread, other: person };
}
