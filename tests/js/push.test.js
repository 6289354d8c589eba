import assert from "node:assert/strict";
import { test } from "node:test";

import { Push, markStale } from "../../wellchat/static/js/models/push.js";
import { FakeStorage } from "./fakes.js";

const KEY = "AQID";
const HOUR = 3_600_000;

/** A browser with one service worker registration, as far as a subscription needs one. */
class FakeBrowser {
  isSecureContext = true;
  PushManager = class {};
  asked = 0;
  subscription = null;
  shown = [];

  constructor({ permission = "default", answer = "granted" } = {}) {
    this.Notification = {
      permission,
      requestPermission: async () => {
        this.asked += 1;
        return (this.Notification.permission = answer);
      },
    };
    const registration = {
      pushManager: {
        getSubscription: async () => this.subscription,
        subscribe: async ({ userVisibleOnly, applicationServerKey }) => {
          assert.ok(userVisibleOnly);
          return (this.subscription = this.#made(applicationServerKey));
        },
      },
      getNotifications: async () => this.shown,
    };
    this.navigator = {
      serviceWorker: { register: async () => registration, ready: Promise.resolve(registration), getRegistration: async () => registration },
    };
  }

  #made(key) {
    const bytes = Uint8Array.from(atob(key), (c) => c.charCodeAt(0));
    const made = { endpoint: `https://push.example.com/${Math.random()}`, options: { applicationServerKey: bytes.buffer } };
    made.toJSON = () => ({ endpoint: made.endpoint, keys: { p256dh: "B", auth: "A" } });
    made.unsubscribe = async () => (this.subscription = this.subscription === made ? null : this.subscription);
    return made;
  }
}

function setUp({ key = KEY, viewerId = "me", ...more } = {}) {
  const calls = [];
  const api = {
    get: async () => ({ public_key: api.key }),
    send: async (method, path, body) => void calls.push([method, body]),
    key,
  };
  const time = { now: 1_800_000_000_000 };
  const browser = new FakeBrowser(more);
  const storage = new FakeStorage();
  const push = (who = viewerId) => new Push({ api, storage, viewerId: who, browser, now: () => time.now });
  return { push, api, browser, calls, storage, time };
}

test("no permission is asked for and nothing is sent until a person turns it on", async () => {
  const { push, browser, calls } = setUp();
  await push().renew();
  assert.equal(await push().state(), "off");
  assert.deepEqual([browser.asked, calls], [0, []]);
  assert.equal(await push().turnOn(), "on");
  assert.equal(browser.asked, 1);
  assert.deepEqual(calls, [["POST", { endpoint: browser.subscription.endpoint, keys: { p256dh: "B", auth: "A" }, expiration_time: null }]]);
});

test("a denied permission is not asked for again", async () => {
  const { push, browser, calls } = setUp({ answer: "denied" });
  assert.equal(await push().turnOn(), "denied");
  assert.deepEqual([browser.subscription, calls], [null, []]);
});

test("nothing is tried in browsers without push", async () => {
  const { push, browser } = setUp();
  browser.PushManager = undefined;
  assert.equal(await push().state(), "unsupported");
  await push().renew();
  await push().clear(() => true);
  push().endSession();
});

test("the subscription is sent again once an hour, and at once if the browser lost it", async () => {
  const { push, browser, calls, time } = setUp();
  await push().turnOn();
  await push().renew();
  assert.equal(calls.length, 1);
  time.now += HOUR;
  browser.subscription = null;
  await push().renew();
  assert.equal(calls.length, 2);
  assert.equal(calls[1][1].endpoint, browser.subscription.endpoint);
});

test("the subscription is sent again in the next session", async () => {
  const { push, calls, storage } = setUp();
  markStale(storage);
  await push().turnOn();
  markStale(storage);
  await push().renew();
  assert.equal(calls.length, 2);
});

test("a new server key leads to a new subscription", async () => {
  const { push, api, browser, time } = setUp();
  await push().turnOn();
  const before = browser.subscription;
  time.now += HOUR;
  await push().renew();
  assert.equal(browser.subscription, before);
  api.key = "BAUG";
  time.now += HOUR;
  await push().renew();
  assert.notEqual(browser.subscription, before);
});

test("another person who signs in gets no pushes of the first, and is not subscribed", async () => {
  const { push, calls, time } = setUp();
  await push("first").turnOn();
  time.now += HOUR;
  await push("second").renew();
  assert.equal(calls.length, 1);
  assert.equal(await push("second").state(), "off");
});

test("signing out ends the subscription in the browser too", async () => {
  const { push, browser } = setUp();
  await push().turnOn();
  push().endSession();
  await new Promise((done) => setTimeout(done));
  assert.equal(browser.subscription, null);
  assert.equal(await push().state(), "off");
});

test("turning it off tells the server", async () => {
  const { push, browser, calls } = setUp();
  await push().turnOn();
  const { endpoint } = browser.subscription;
  await push().turnOff();
  assert.deepEqual(calls[1], ["DELETE", { endpoint }]);
  assert.equal(browser.subscription, null);
});

test("only notifications that were read are closed", async () => {
  const { push, browser } = setUp();
  const closed = [];
  browser.shown = ["a", "b"].map((id) => ({ data: { id }, close: () => closed.push(id) }));
  await push().clear((id) => id === "b");
  assert.deepEqual(closed, ["b"]);
  assert.equal(await push().shownCount(), 2);
});
