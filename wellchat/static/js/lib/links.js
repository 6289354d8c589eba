/* Finds the addresses in a message, and decides which of them are links. wellchat/links.py has the same rule;
   tests/js/links.json is the table of both. */

const BLANK = "\\x00-\\x20\\x7f-\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const CANDIDATE = new RegExp(
  `(?:(?<![A-Za-z0-9_])[Hh][Tt][Tt][Pp][Ss]?:\\/\\/|(?<![A-Za-z0-9_.@/\\-])[Ww][Ww][Ww]\\.(?=[^${BLANK}./?#@]))` +
    `[^${BLANK}<>"']+|[A-Za-z0-9_.+\\-]+@[A-Za-z0-9_\\-]+(?:\\.[A-Za-z0-9_\\-]+)+`,
  "g",
);
const PARTS = /^(https?:\/\/)?([^/?#]*)(.*)$/is;
const HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/;
const NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/;
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const DOTS = /[\u3002\uff0e\uff61]/; // read as a dot in a host (UTS #46)
const CLOSING = { ")": "(", "]": "[", "}": "{" };

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]/u;
const LETTER = /[\p{Lu}\p{Ll}\p{Lt}\p{Lo}]/u;
const ASCII = /^[\x00-\x7f]*$/; // eslint-disable-line no-control-regex
const HOST_LETTERS = /^[\x00-\x7f\p{L}\p{M}\p{N}\u3002\uff0e\uff61]*$/u; // eslint-disable-line no-control-regex
const JOINED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u;
const SCRIPTS = ["Latin", "Cyrillic", "Greek", "Armenian", "Hebrew", "Arabic", "Devanagari", "Thai", "Georgian"].map(
  (name) => new RegExp(`\\p{Script=${name}}`, "u"),
);
const LOOKALIKES = "аӓеёорсухіїјѕһԁԛԝӏкмтвнгпьԍοανυικρτωγηεχσօոսհցզյձ";

/** Yields the links of a text: {index, found, href, shown}. */
export function addresses(text) {
  return [...text.matchAll(CANDIDATE)].flatMap((match) => {
    const found = withoutEnd(match[0]);
    const link = leadsTo(found);
    return link ? [{ index: match.index, found, ...link }] : [];
  });
}

/** Returns the address without the punctuation of its sentence. */
function withoutEnd(found) {
  while (found) {
    const last = found.at(-1);
    const opening = CLOSING[last];
    const open = opening && found.split(opening).length < found.split(last).length;
    if (!".,;:!?".includes(last) && !open) break;
    found = found.slice(0, -1);
  }
  return found;
}

/** Returns {href, shown}, or null for what is no link or hides where it leads. */
function leadsTo(found) {
  const [, scheme, authority, rest] = PARTS.exec(found);
  if (!scheme && !/^www\./i.test(authority)) {
    return found.includes("@") ? { href: `mailto:${found}`, shown: found } : null;
  }
  // A browser reads a backslash as a slash. What stands before an @ looks like the host, and is none.
  if (authority.includes("@") || found.includes("\\") || INVISIBLE.test(found)) return null;
  const colon = authority.indexOf(":");
  const named = colon < 0 ? authority : authority.slice(0, colon);
  const port = colon < 0 ? "" : authority.slice(colon);
  if (port && !/^:[0-9]{1,5}$/.test(port)) return null;
  const host = asciiHost(named);
  if (!host || (!scheme && !/\.[a-z0-9-]{2,}/.test(host.slice(4)))) return null;
  const asked = ASCII.test(named) ? named : host;
  const shown = deceives(named) ? host : named;
  return { href: `${scheme ?? "http://"}${asked}${port}${rest}`, shown: `${scheme ?? ""}${shown}${port}${rest}` };
}

/** Returns the host in ASCII, as the browser asks for it. Null: it is none, or a number in disguise. */
function asciiHost(named) {
  let host = named.toLowerCase();
  if (!ASCII.test(named)) {
    if (!HOST_LETTERS.test(named)) return null;
    try {
      host = new URL(`http://${named}`).hostname;
    } catch {
      return null;
    }
  }
  if (!HOST.test(host) || (NUMBER.test(host) && !IPV4.test(host))) return null;
  return host;
}

/** Tells whether the host looks like another one, so that its Punycode is to be shown. */
function deceives(named) {
  if (ASCII.test(named)) return false;
  if (named.normalize("NFKC").toLowerCase() !== named.toLowerCase() || DOTS.test(named)) return true;
  const labels = named.split(".");
  return labels
    .filter((label) => !ASCII.test(label))
    .some((label) => mixes(label) || (ASCII.test(labels.at(-1)) && imitates(label)));
}

function mixes(label) {
  const letters = [...label].filter((char) => LETTER.test(char));
  const joined = letters.some((char) => JOINED.test(char));
  const apart = SCRIPTS.filter((script) => letters.some((char) => script.test(char)));
  const known = letters.every((char) => JOINED.test(char) || SCRIPTS.some((script) => script.test(char)));
  return !known || apart.length > 1 || (joined && apart.length > 0 && apart[0] !== SCRIPTS[0]);
}

function imitates(label) {
  const letters = [...label.toLowerCase()].filter((char) => LETTER.test(char));
  return letters.length > 0 && letters.every((char) => LOOKALIKES.includes(char));
}
