/* Finds the addresses in a message, and decides which of them are links. wellchat/links.py has the same rule,
   function by function, and the same classes of characters; tests/js/links.json is the table of both. */

import { ASCII, HOSTS, MAX_DOMAIN, asciiHost, deceives } from "./hosts.js";

const BLANK = "\\x00-\\x20\\x7f-\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDS =
  "\\u00a1\\u00ab\\u00bb\\u00bf\\u037e\\u0589\\u05c3\\u060c\\u061b\\u061f\\u06d4\\u0964\\u0965" +
  "\\u0f0d-\\u0f12\\u0f3a-\\u0f3d\\u104a\\u104b\\u1361-\\u1368\\u17d4-\\u17d6\\u2018-\\u201f\\u2026\\u2039" +
  "\\u203a\\u203c\\u203d\\u2045-\\u2049\\u2329\\u232a\\u27e6-\\u27ef\\u2983-\\u2998\\u3001\\u3008-\\u3011" +
  "\\u3014-\\u301f\\ufd3e\\ufd3f\\ufe12-\\ufe18\\ufe35-\\ufe44\\ufe47-\\ufe5e\\uff01\\uff02\\uff07-\\uff09" +
  "\\uff0c\\uff1a\\uff1b\\uff1f\\uff3b\\uff3d\\uff5b\\uff5d\\uff5f\\uff60\\uff62-\\uff64";
const UNSPACED =
  "\\u0e00-\\u0eff\\u0f00-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3040-\\u30ff\\u3105-\\u312f\\u31f0-\\u31ff" +
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7a3\\uf900-\\ufaff\\uff66-\\uff9f";
const INVISIBLE =
  "\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f" +
  "\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164" +
  "\\ud800-\\udfff\\ufeff\\uffa0\\ufff9-\\ufffb";
const JOINED = "\\u0620-\\u06d5\\u0900-\\u0dff";
const MARKS = ".,:;!?'\\u00b7\\u2010-\\u2015\\u30fb\\u200d\\u2190-\\u2bff\\ufe0f";

const START = /https?:\/\/|www\.|@/gi;
const RUN = new RegExp(`(?:[^${BLANK}${ENDS}<>"'\\u3002\\uff61]|['\\u3002\\uff61](?=[A-Za-z0-9]))+`, "uy");
const MARK = new RegExp(`[${MARKS}\\u{1f000}-\\u{1faff}]`, "u");
const FOREIGN_TAIL = new RegExp(`^(.*\\.[A-Za-z]{2,})[${UNSPACED}][^.\\u3002\\uff0e\\uff61:]*$`, "u");
const PARTS = /^(https?:\/\/)?([^/?#]*)(.*)$/is;
const LOCAL = /[A-Za-z0-9_](?:[A-Za-z0-9_.+-]|'(?=[A-Za-z0-9]))*$/;
const DOMAIN = new RegExp(`^[A-Za-z0-9_${HOSTS}.\\-]+`, "u");
const HIDDEN = new RegExp(`(?<![${JOINED}])[\\u200c\\u200d]|[\\u200c\\u200d](?![${JOINED}])|\\\\`, "u");
const NOT_SEEN = new RegExp(`(?![\\u200c\\u200d])[${INVISIBLE}\\u{e0000}-\\u{e007f}]`, "u");
const FOREIGN_LETTER = new RegExp(`^(?![\\x00-\\x7f${UNSPACED}])[\\p{L}\\p{M}\\p{N}]`, "u");
const CLOSING = { ")": "(", "]": "[", "}": "{" };
const MAX_LOCAL = 64;

/** Returns the links of a text, in order: {index, found, href, shown}. */
export function addresses(text) {
  const links = [];
  let at = 0;
  for (const { 0: what, index } of text.matchAll(START)) {
    if (index < at) continue;
    let link = null;
    if (what === "@") {
      link = mail(text, at, index);
    } else if (mayBegin(text, index, what)) {
      RUN.lastIndex = index;
      const run = RUN.exec(text)?.[0] ?? "";
      const found = ending(run);
      link = leadsTo(found);
      if (link) Object.assign(link, { index, found });
      // What hides where it leads is left whole: no part of it is a link.
      at = Math.max(at, index + run.length);
    }
    if (!link) continue;
    at = link.index + link.found.length;
    links.push(link);
  }
  return links;
}

function mayBegin(text, index, what) {
  const before = lastOf(text, index);
  if (/^[A-Za-z0-9_]/.test(before)) return false;
  return !before || what.toLowerCase() !== "www." || !(".@/-".includes(before) || FOREIGN_LETTER.test(before));
}

function lastOf(text, end) {
  return [...text.slice(Math.max(0, end - 2), end)].at(-1) ?? "";
}

/** Returns the address without the rest of its sentence: brackets, punctuation, words behind a domain. */
function ending(run) {
  let [, scheme, authority, rest] = PARTS.exec(run);
  // No domain at the top mixes scripts: what follows is the next word.
  const cut = authority.search(/[([{]/);
  if (cut >= 0) [authority, rest] = [authority.slice(0, cut), ""];
  const tail = FOREIGN_TAIL.exec(authority);
  if (tail) [authority, rest] = [tail[1], ""];
  rest = rest.replace(/[\u3002\uff61].*$/s, "");
  const found = [...balanced((scheme ?? "") + authority + rest)];
  while (found.length && MARK.test(found.at(-1))) found.pop();
  return found.join("");
}

/** Returns the address up to the first bracket that is not closed, or was not opened, inside it. */
function balanced(found) {
  const opened = [];
  for (let at = 0; at < found.length; at += 1) {
    const char = found[at];
    if ("([{".includes(char)) opened.push([char, at]);
    else if (CLOSING[char] && opened.pop()?.[0] !== CLOSING[char]) return found.slice(0, at);
  }
  return opened.length ? found.slice(0, opened[0][1]) : found;
}

/** Returns {href, shown}, or null for what is no link or hides where it leads. */
function leadsTo(found) {
  const [, scheme, authority, rest] = PARTS.exec(found);
  // A browser reads a backslash as a slash. What stands before an @ looks like the host, and is none.
  if (authority.includes("@") || HIDDEN.test(found) || NOT_SEEN.test(found)) return null;
  const colon = authority.indexOf(":");
  const named = (colon < 0 ? authority : authority.slice(0, colon)).normalize("NFC");
  const port = colon < 0 ? "" : authority.slice(colon);
  if (port && !/^:[0-9]{1,5}$/.test(port)) return null;
  const host = asciiHost(named);
  if (!host || (!scheme && !/\.[a-z0-9-]{2,}/.test(host.slice(4)))) return null;
  const asked = ASCII.test(named) ? named : host;
  const shown = deceives(named) ? host : named;
  return { href: `${scheme ?? "http://"}${asked}${port}${rest}`, shown: `${scheme ?? ""}${shown}${port}${rest}` };
}

/** Returns the address around an @; null if it would be a part of one only. */
function mail(text, least, at) {
  const local = LOCAL.exec(text.slice(Math.max(least, at - MAX_LOCAL - 1), at))?.[0];
  const domain = DOMAIN.exec(text.slice(at + 1, at + 2 + MAX_DOMAIN))?.[0];
  if (!local || local.length > MAX_LOCAL || !domain || domain.length > MAX_DOMAIN) return null;
  const index = at - local.length;
  const before = lastOf(text, index);
  let named = domain.replace(/[.\-_]+$/, "");
  named = FOREIGN_TAIL.exec(named)?.[1] ?? named;
  const after = text.slice(at + 1 + named.length);
  // An address may not go on in letters that its host cannot have.
  if (FOREIGN_LETTER.test(before) || before === "@" || after[0] === "@" || FOREIGN_LETTER.test(after)) return null;
  const host = asciiHost(named);
  if (!host?.includes(".")) return null;
  return {
    index,
    found: `${local}@${named}`,
    href: `mailto:${local}@${ASCII.test(named) ? named : host}`,
    shown: `${local}@${deceives(named) ? host : named}`,
  };
}
