import assert from "node:assert/strict";
import { test } from "node:test";

import { Api } from "../../wellchat/static/js/models/api.js";

const api = (respond) => new Api({ fetch: respond, csrf: "token" });

test("sends JSON with the token, and leaves out fields that are not given", async () => {
  let seen;
  const one = api(async (url, options) => ((seen = { url, options }), new Response("{}", { status: 200 })));
  await one.request("POST", "/threads", { body: { with: "u" }, query: { a: 1, b: undefined, c: null } });
  assert.equal(seen.url, "/api/threads?a=1");
  assert.equal(seen.options.headers["X-CSRFToken"], "token");
  assert.equal(seen.options.body, '{"with":"u"}');
});

test("a refusal has its detail, its errors by field and its Retry-After", async () => {
  const problem = { title: "Too fast", status: 429, detail: "Wait a little.", errors: { body: "no" }, reason: "busy" };
  const one = api(async () => new Response(JSON.stringify(problem), { status: 429, headers: { "Retry-After": "9" } }));
  await assert.rejects(one.get("/me"), (error) => {
    assert.deepEqual([error.status, error.message, error.errors.body, error.retryAfter, error.problem.reason], [429, "Wait a little.", "no", 9, "busy"]);
    return error.temporary;
  });
});

test("no response, half a response and a gateway's page are temporary errors", async () => {
  const lost = api(async () => {
    throw new TypeError("network");
  });
  const half = api(async () => new Response('{"thre', { status: 200 }));
  const page = api(async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  for (const one of [lost, half, page]) await assert.rejects(one.get("/me"), (error) => error.temporary);
});

test("a response without content has no data", async () => {
  const answer = await api(async () => new Response(null, { status: 204 })).request("GET", "/updates");
  assert.deepEqual([answer.status, answer.data], [204, null]);
});

test("a portal's page is a temporary error, whatever its status", async () => {
  for (const status of [200, 401, 403, 404, 511]) {
    const portal = api(async () => new Response("<h1>Welcome to the train</h1>", { status, headers: { "Content-Type": "text/html" } }));
    await assert.rejects(portal.get("/me"), (error) => error.temporary && error.status !== 401);
  }
});

test("sends the viewer of the page", async () => {
  let seen;
  const one = new Api({ fetch: async (_url, options) => ((seen = options.headers), new Response("{}")), viewerId: "u1" });
  await one.get("/me");
  assert.equal(seen["X-Viewer"], "u1");
});
