import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Door } from "../../wellchat/static/embed/door.js";

const SHOP = "https://www.shop.example";
const tokenOf = (sub) => `x.${Buffer.from(JSON.stringify({ sub })).toString("base64url")}.y`;
const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** A frame in a page of the shop. `answers` are those of our server, one after the other. */
function setUp(...answers) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const parent = { posted: [], postMessage: (data, origin) => (assert.equal(origin, SHOP), parent.posted.push(data)) };
  const did = [];
  let listen;
  const window = { parent, addEventListener: (_type, listener) => (listen = listener) };
  const on = { session: ({ user }) => did.push(`session ${user.id}`), drop: () => did.push("drop"), stop: (code) => did.push(`stop ${code}`), message: ({ type }) => did.push(type), words: (code) => code };
  globalThis.fetch = async (url, { method, body, headers }) => {
    did.push(method === "DELETE" ? `end ${headers.Authorization}` : JSON.parse(body).token ? `exchange ${JSON.parse(body).origin}` : url);
    const status = method === "DELETE" ? 204 : (answers.shift() ?? 201);
    const number = did.length;
    return { status, ok: status < 300, json: async () => ({ access_token: `wce_${number}`, expires_in: 900, user: { id: "u1" }, language: "en", brand: {} }) };
  };
  const door = new Door({ origin: SHOP, kind: "inbox", on, window });
  const say = (data, { source = parent, origin = SHOP } = {}) => (listen({ source, origin, data }), settle());
  const post = (type, fields) => say({ wellchat: 1, type, ...fields });
  const posted = (type) => parent.posted.filter((each) => each.type === type);
  const wait = (seconds) => (mock.timers.tick(seconds * 1000), settle());
  return { door, did, say, post, posted, wait, answers };
}

test("it asks for nothing before a hello, and takes messages of its parent alone", async () => {
  const { did, say, post, posted } = setUp();
  assert.deepEqual(posted("hello"), [{ wellchat: 1, type: "hello", frame: "inbox" }]);
  await post("token", { token: tokenOf("a") });
  await post("open", { thread: "t" });
  assert.deepEqual(did, []);
  await say({ wellchat: 1, type: "hello" }, { origin: "https://evil.example" });
  await say({ wellchat: 1, type: "hello" }, { source: {} });
  assert.deepEqual(posted("need-token"), []);
  await post("hello");
  await post("hello");
  assert.deepEqual(posted("need-token"), [{ wellchat: 1, type: "need-token", reason: "start" }]);
  await post("token", { token: tokenOf("a") });
  assert.deepEqual(did, [`exchange ${SHOP}`, "session u1"]);
  for (const odd of [null, "x", { type: "open" }, { wellchat: 2, type: "open" }, { wellchat: 1, type: 7 }]) await say(odd);
  await post("open", { thread: "x".repeat(16_000) });
  await post("open", { thread: 1n });
  await post("open", { thread: "t" });
  assert.deepEqual(did.slice(2), ["open"]);
});

test("it renews at 80 % of its life, and keeps the page", async () => {
  const { did, post, posted, wait } = setUp();
  await post("hello");
  await post("token", { token: tokenOf("a") });
  await wait(719);
  assert.equal(posted("need-token").length, 1);
  await wait(1);
  assert.equal(posted("need-token")[1].reason, "renew");
  await post("token", { token: tokenOf("a") });
  assert.deepEqual(did.filter((each) => each === "drop"), []);
});

test("another person's token drops everything before it is exchanged", async () => {
  const { did, post } = setUp();
  await post("hello");
  await post("token", { token: tokenOf("a") });
  did.length = 0;
  await post("token", { token: tokenOf("b") });
  assert.deepEqual(did.slice(0, 3), ["end Bearer wce_1", "drop", `exchange ${SHOP}`]);
});

test("five pauses without a token, and it stops; a later token starts it again", async () => {
  const { did, post, posted, wait } = setUp();
  await post("hello");
  for (const pause of [1, 2, 5, 15, 60]) {
    await post("token", { error: "failed" });
    const before = posted("need-token").length;
    await wait(pause - 0.5);
    assert.equal(posted("need-token").length, before);
    await wait(0.5);
    assert.equal(posted("need-token").length, before + 1);
  }
  await wait(30); // no answer at all is a failure, too
  assert.deepEqual(did, ["drop", "stop signed-out"]);
  assert.equal(posted("error")[0].code, "signed-out");
  await wait(600);
  assert.equal(posted("need-token").length, 6);
  await post("token", { token: tokenOf("a") });
  assert.equal(did.at(-1), "session u1");
});

test("a token that is refused stops it at once; a server that is away does not", async () => {
  const refused = setUp(401);
  await refused.post("hello");
  await refused.post("token", { token: tokenOf("a") });
  assert.deepEqual(refused.did.slice(1), ["drop", "stop refused"]);
  const away = setUp(503, 429, 201);
  await away.post("hello");
  await away.post("token", { token: tokenOf("a") });
  assert.equal(away.posted("error")[0].code, "unreachable");
  await away.wait(1);
  await away.wait(2);
  assert.equal(away.did.at(-1), "session u1");
});

test("requests that find the token over wait for the next one, and are made once more", async () => {
  const { door, did, post, posted } = setUp();
  await post("hello");
  await post("token", { token: tokenOf("a") });
  const asked = [];
  const fetch = async (url, { headers, credentials }) => {
    asked.push([url, headers.Authorization, credentials]);
    return { status: headers.Authorization === "Bearer wce_1" ? 401 : 200 };
  };
  const both = Promise.all([door.fetch(fetch, "/api/me"), door.fetch(fetch, "/api/updates")]);
  await settle();
  assert.deepEqual(posted("need-token").map(({ reason }) => reason), ["start", "expired"]);
  await post("token", { token: tokenOf("a") });
  assert.deepEqual((await both).map(({ status }) => status), [200, 200]);
  assert.ok(asked.every(([, , credentials]) => credentials === "omit"));
  assert.equal(asked.length, 4);
  const last = door.fetch(async () => ({ status: 401 }), "/api/me");
  await settle();
  await post("token", { error: "signed-out" });
  assert.equal((await last).status, 401);
  assert.equal(did.at(-1), "stop signed-out");
});
