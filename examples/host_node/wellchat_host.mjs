// What a platform's server says to wellchat. Copy it: it needs nothing but Node.
import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

export const URL = process.env.WELLCHAT_URL;

const ask = (method, path, body) =>
  fetch(`${URL}/api/host${path}`, {
    method,
    headers: { Authorization: `Bearer ${process.env.WELLCHAT_KEY}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(40_000),
  });

// The JSON of a call of the host API. Throws for a refusal.
export async function call(method, path, body) {
  const answer = await ask(method, path, body);
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

// A token with which this person signs in, good for two minutes.
export function token(id, { name, role }) {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: "HS256", kid: process.env.WELLCHAT_KID };
  const claims = { aud: URL, sub: id, name, role,
    iat: now, exp: now + 120, jti: randomBytes(16).toString("base64url") };
  const part = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", process.env.WELLCHAT_SECRET).update(text).digest("base64url")}`;
}

// Hears of events for ever. `apply(events, cursor)` does its work and keeps the cursor, in one step.
export async function follow(cursor, apply) {
  for (;;) {
    try {
      cursor ??= (await call("GET", "/events/cursor")).cursor;
      const answer = await ask("GET", `/events?after=${cursor}&wait=25`);
      // 410: events are missing. A real platform reads its lists anew here.
      if (!answer.ok && answer.status !== 410) throw new Error(`${answer.status}`);
      const found = await answer.json();
      if (found.cursor !== cursor) await apply(found.events ?? [], found.cursor);
      cursor = found.cursor;
    } catch {
      await pause(5000);
    }
  }
}
