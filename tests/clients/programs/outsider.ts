/* A program of somebody else's: Cara sends, Paul polls and reads, with the types that were generated. */

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: Record<string, string>; stdout: { write(text: string): void } };

const { BASE, CARA, PAUL, THREAD } = process.env;
const as = (token: string) => createClient<paths>({ baseUrl: BASE, headers: { Authorization: `Bearer ${token}` } });
const [cara, paul] = [as(CARA), as(PAUL)];

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("no answer");
  return value;
}

const me = need((await paul.GET("/api/me")).data);
const sent = await cara.POST("/api/threads/{thread_id}/messages", {
  params: { path: { thread_id: THREAD } },
  body: { body: "Hello from TypeScript", client_key: "typescript-1" },
});
const message: components["schemas"]["Message"] = need(sent.data).message;
const news = need((await paul.GET("/api/updates", { params: { query: { since: me.cursor, wait: 5 } } })).data);
if (news.messages[0].body !== message.body) throw new Error("another message came");
const gone = await cara.GET("/api/updates", { params: { query: { since: news.cursor } } });
if (gone.error?.status !== 410) throw new Error("a cursor of Paul's leads Cara somewhere");
const read = await paul.PUT("/api/threads/{thread_id}/read", {
  params: { path: { thread_id: THREAD } },
  body: { seq: message.seq },
});
const { last_read_seq } = need(read.data).membership;
process.stdout.write(`read ${last_read_seq === message.seq ? 1 : 0}\n`);
