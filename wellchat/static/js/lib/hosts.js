/* Decides what is a host, and what to show of it. wellchat/links.py has the same rule. */

// Where hosts have letters of which browsers and IDNA 2008 say the same.
export const HOSTS =
  "\\u00c0-\\u013e\\u0141-\\u024f\\u0259\\u0370-\\u03ff\\u0400-\\u0487\\u048a-\\u04bf\\u04c1-\\u052f" +
  "\\u0531-\\u0587\\u05d0-\\u05ea\\u0620-\\u063f\\u0641-\\u06d5\\u0900-\\u0dff\\u0e01-\\u0e4e\\u0e81-\\u0ece" +
  "\\u0f40-\\u0fbc\\u1000-\\u109f\\u10d0-\\u10ff\\u1200-\\u135f\\u1780-\\u17b3\\u17b6-\\u17d3\\u1e00-\\u1e9d" +
  "\\u1e9f-\\u1eff\\u3005\\u3006\\u3041-\\u309f\\u30a1-\\u30ff\\u3105-\\u312f\\u3400-\\u4dbf\\u4e00-\\u9fff" +
  "\\uac00-\\ud7a3";
export const ASCII = /^[\x00-\x7f]*$/; // eslint-disable-line no-control-regex
export const MAX_DOMAIN = 253;
const HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/;
const HOST_LETTERS = new RegExp(`^[\\x00-\\x7f\\u3002\\uff0e\\uff01-\\uff5e\\uff61${HOSTS}]*$`, "u");
const NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/;
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const DOTS = /[\u3002\uff0e\uff61]/; // read as a dot in a host (UTS #46)
const RIGHT_TO_LEFT = /[\u0590-\u06ff]/;
const ONE_DIRECTION = /^(?:[a-z](?:[a-z0-9-]*[a-z0-9])?|[\u05d0-\u06ff](?:[\u05d0-\u06ff0-9-]*[\u05d0-\u06ff0-9])?)?$/;
const MAX_LABEL = 63;
const LETTER = /[\p{Lu}\p{Ll}\p{Lt}\p{Lo}]/u;
const JOINTLY = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u;
const SCRIPTS = ["Latin", "Cyrillic", "Greek", "Armenian", "Hebrew", "Arabic", "Devanagari", "Thai", "Georgian"].map(
  (name) => new RegExp(`\\p{Script=${name}}`, "u"),
);
const LOOKALIKES = "аӓеёорсухіїјѕһԁԛԝӏкмтвнгпьԍοανυικρτωγηεχσօոսհցզյձ";

/** Returns the host in ASCII, as the browser asks for it. Null: it is none, or a number in disguise. */
export function asciiHost(named) {
  let host = named.toLowerCase();
  if (!ASCII.test(named)) {
    if (!isSound(named)) return null;
    try {
      host = new URL(`http://${named}`).hostname;
    } catch {
      return null;
    }
  }
  if (!HOST.test(host) || host.length > MAX_DOMAIN) return null;
  if (host.split(".").some((label) => label.length > MAX_LABEL) || (NUMBER.test(host) && !IPV4.test(host))) return null;
  return host;
}

/** Tells whether a host with letters outside ASCII is one that all browsers, and the server, read alike. */
function isSound(named) {
  const plain = named.normalize("NFKC").toLowerCase();
  if (!HOST_LETTERS.test(named) || !/^[\x00-\x7f\p{L}\p{M}\u3002\uff0e\uff61]*$/u.test(plain)) return false; // eslint-disable-line no-control-regex
  const labels = plain.split(/[.\u3002\uff0e\uff61]/);
  const sound = (label) => !/^-|-$|^..--|_|^\p{M}/su.test(label) && (!RIGHT_TO_LEFT.test(plain) || ONE_DIRECTION.test(label));
  return !NUMBER.test(labels.join(".")) && labels.every(sound);
}

/** Tells whether the host looks like another one, so that its Punycode is to be shown. */
export function deceives(named) {
  if (ASCII.test(named)) return false;
  if (named.normalize("NFKC").toLowerCase() !== named.toLowerCase() || DOTS.test(named)) return true;
  const labels = named.split(".");
  return labels
    .filter((label) => !ASCII.test(label))
    .some((label) => mixes(label) || (ASCII.test(labels.at(-1)) && imitates(label)));
}

function mixes(label) {
  const letters = [...label].filter((char) => LETTER.test(char));
  const joined = letters.some((char) => JOINTLY.test(char));
  const apart = SCRIPTS.filter((script) => letters.some((char) => script.test(char)));
  const known = letters.every((char) => JOINTLY.test(char) || SCRIPTS.some((script) => script.test(char)));
  return !known || apart.length > 1 || (joined && apart.length > 0 && apart[0] !== SCRIPTS[0]);
}

function imitates(label) {
  const letters = [...label.toLowerCase()].filter((char) => LETTER.test(char));
  return letters.length > 0 && letters.every((char) => LOOKALIKES.includes(char));
}
