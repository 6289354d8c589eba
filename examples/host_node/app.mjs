// A small salon in plain Node: people log in, book, and write to each other.
// Lines that bring wellchat into it end with `wellchat`; lines that hear of events, with `wellchat events`.
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

import * as wellchat from "./wellchat_host.mjs"; // wellchat

const PEOPLE = {
  "c-1": { name: "Hannah Whitcombe", role: "client" },
  "p-1": { name: "Rosa Delgado", role: "professional" },
};
const secret = process.env.SALON_SECRET ?? randomBytes(16);
const salon = existsSync("salon.json") ? JSON.parse(readFileSync("salon.json")) : { bookings: [], news: {} };

function keep() { // the whole salon or nothing of it
  writeFileSync("salon.json.new", JSON.stringify(salon));
  renameSync("salon.json.new", "salon.json");
}

const sign = (id) => `${id}.${createHmac("sha256", secret).update(id).digest("base64url")}`;
const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function whoAsks(request) {
  const cookie = /(?:^|; )salon=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
  return Object.keys(PEOPLE).find((id) => sign(id) === cookie);
}

function page(me, content) {
  return `<!doctype html><html lang="en"><title>Salon Delgado</title>
<nav><a href="/">Bookings</a> <a href="/messages">Messages</a>
${me ? `
  <script async src="${wellchat.URL}/embed/v1.js" data-token-url="/wellchat-token"></script><wellchat-bell></wellchat-bell> <!-- wellchat -->
  ${PEOPLE[me].name} <form method="post" action="/log-out"><button>Log out</button></form>` : ""}
</nav>${content}`;
}

const door = () => Object.entries(PEOPLE).map(([id, { name }]) =>
  `<form method="post" action="/log-in"><button name="person" value="${id}">${name}</button></form>`).join("");

const bookings = (me) => `<h1>Bookings</h1>
<ul>${salon.bookings.map((title, at) => `<li>${escape(title)} (B-${at + 1})</li>`).join("") || "<li>None yet</li>"}</ul>
${me === "c-1" ? `<form method="post" action="/book"><label>What <input name="title" required></label> <button>Book</button></form>` : ""}
<p>Messages you were sent so far: <b id="written">${salon.news[me] ?? 0}</b></p>`;

const conversations = (me) => me === "c-1" ? `<wellchat-thread with="p-1"></wellchat-thread>` : "<wellchat-inbox></wellchat-inbox>"; // wellchat

async function book(me, title) {
  const pair = { client: me, professional: "p-1" };
  const booking = salon.bookings.push(title);
  keep();
  for (const person of Object.values(pair)) // wellchat
    await wellchat.call("PUT", `/users/${person}`, PEOPLE[person]); // wellchat
  await wellchat.call("PUT", "/connections", pair); // wellchat
  await wellchat.call("PUT", `/subjects/booking/B-${booking}`, { title, ...pair }); // wellchat
}

async function answer(request) {
  const { pathname } = new URL(request.url, "http://salon");
  const me = whoAsks(request);
  const home = { status: 303, headers: { Location: "/" } };
  let form = "";
  for await (const piece of request) form += piece;
  const given = new URLSearchParams(form);
  switch (`${request.method} ${pathname}`) {
    case "GET /":
      return { body: page(me, me ? bookings(me) : `<h1>Who are you?</h1>${door()}`) };
    case "POST /log-in":
      home.headers["Set-Cookie"] = `salon=${sign(given.get("person"))}; HttpOnly; SameSite=Lax; Path=/`;
      return home;
    case "POST /log-out":
      home.headers["Set-Cookie"] = "salon=; Max-Age=0; Path=/";
      return home;
  }
  if (!me) return { status: 401 };
  switch (`${request.method} ${pathname}`) {
    case "POST /book":
      await book(me, given.get("title"));
      return home;
    case "GET /messages":
      return { body: page(me, `<h1>Messages</h1>${conversations(me)}`) };
    case "POST /wellchat-token": // wellchat
      return { body: JSON.stringify({ token: wellchat.token(me, PEOPLE[me]) }), type: "application/json" }; // wellchat
  }
  return { status: 404 };
}

createServer(async (request, response) => {
  const { status = 200, headers = {}, body = "", type = "text/html; charset=utf-8" } =
    await answer(request).catch((error) => ({ status: 500, body: escape(String(error)) }));
  const policy = `default-src 'self'; script-src ${wellchat.URL}; frame-src ${wellchat.URL}`;
  response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": policy, ...headers }).end(body);
}).listen(Number(process.env.PORT ?? 5003), "127.0.0.1");

function hear(events, cursor) { // wellchat events
  const sent = events.filter((event) => event.type === "message.sent"); // wellchat events
  for (const { data: { external_ids: { recipient } } } of sent) salon.news[recipient] = (salon.news[recipient] ?? 0) + 1; // wellchat events
  salon.cursor = cursor; // wellchat events
  keep(); // with the cursor in the same file, each message is counted once // wellchat events
} // wellchat events

wellchat.follow(salon.cursor, hear); // wellchat events
