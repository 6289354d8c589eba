/* A frame with conversations: asks the page around it for a token, and shows the pages of this site. */

import { Door } from "./door.js";
import { Stage } from "./stage.js";

const root = document.documentElement;
const { kind, origin, title } = root.dataset;
const state = document.querySelector('[data-part="state"]');
const asked = new URLSearchParams(location.search);
const words = (code) => root.dataset[code.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] ?? "";
let home = null; // the path with which it began
let wanted = null; // what the page around asked for before somebody was signed in
let isIn = false;

const door = new Door({ origin, kind, on: { session, drop, stop, message, words } });
const stage = new Stage({ door, kind, title, fail });
globalThis.wellchatFrame = stage; // view.js takes it from its parent

async function session({ language, brand }) {
  if (isIn) return; // the same person goes on, with a new token
  isIn = true;
  state.textContent = "";
  stage.ready = { lang: language, brand };
  home = await show(wanted ?? (kind === "thread" ? Object.fromEntries(asked) : {}));
}

/* Opens what an address or a message names. Resolves to its path, or to null. */
async function show({ with: other, thread, id = thread, subject }) {
  const path = other || id || subject ? await find({ with: other, id, subject }) : kind === "inbox" ? "/" : home;
  if (path) stage.go(path);
  return path;
}

async function find({ with: other, id, subject }) {
  const [kindOf, ...external] = subject?.split("/") ?? [];
  const named = { with: other, id, subject: subject && { kind: kindOf, external_id: external.join("/") } };
  const body = JSON.stringify(Object.fromEntries(Object.entries(named).filter(([, value]) => value)));
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const answer = await door.fetch((...all) => fetch(...all), "/api/embed/threads", { method: "POST", headers, body }).catch(() => null);
  if (answer?.ok) return `/threads/${(await answer.json()).id}`;
  const code = answer && answer.status < 500 && answer.status !== 429 ? "not-found" : "unreachable";
  if (answer?.status !== 401) fail(code);
  return null;
}

function fail(code) {
  if (!stage.path) state.textContent = words(code);
  door.post("error", { code, text: words(code) });
}

function drop() {
  stage.forget();
  [home, wanted, isIn] = [null, null, false];
  state.textContent = "";
}

function stop(code) {
  state.textContent = words(code);
}

function message({ type, ...fields }) {
  if (type === "open" && isIn) show(fields);
  else if (type === "open") wanted = fields;
  else if (type === "theme") theme(fields);
  else if (type === "focus") stage.focus(fields);
  else if (type === "close") stage.blur();
}

function theme({ theme: chosen, accent_hue: hue }) {
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  else if (chosen === "auto") delete root.dataset.theme;
  if (Number.isInteger(hue) && hue >= 0 && hue < 360) {
    root.className = `accent-${Math.floor(hue / 10)}`;
    root.dataset.accentHue = hue;
  }
  stage.dress();
}

document.addEventListener("keydown", ({ key }) => key === "Escape" && door.post("close"));
