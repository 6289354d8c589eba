import assert from "node:assert/strict";
import { test } from "node:test";

import { overLimit } from "../../wellchat/static/js/controllers/character_count.js";
import { names as german } from "../../wellchat/static/js/lib/emoji_de.js";
import { names as french } from "../../wellchat/static/js/lib/emoji_fr.js";
import { find, grouped, groups, named } from "../../wellchat/static/js/lib/emoji_names.js";
import { shortcodeAt } from "../../wellchat/static/js/lib/shortcode.js";

const at = (text) => shortcodeAt(text, text.length);

test("finds a name after a colon, at the caret", () => {
  assert.deepEqual(at("Well done :tad"), { from: 10, to: 14, name: "tad", closed: false });
  assert.deepEqual(at(":tada:"), { from: 0, to: 6, name: "tada", closed: true });
  assert.deepEqual(shortcodeAt(":smile and more", 6), { from: 0, to: 6, name: "smile", closed: false });
});

test("times, addresses and ratios are no names", () => {
  for (const text of ["at 10:30", "https://x", "a:smile", "note: well", ":", ":s", "::", ": smile"]) assert.equal(at(text), null, text);
});

test("names that begin with the text come first, and an exact match before all", () => {
  assert.equal(find("heart")[0].sign, "❤️");
  assert.equal(find("hea")[0].sign, "❤️");
  assert.ok(find("heart").length > 3);
  assert.ok(find("crossed").some(({ sign }) => sign === "🤞"));
  assert.deepEqual(find("qqqq"), []);
  assert.equal(find("s", 5).length, 5);
  assert.equal(named("tada"), "🎉");
  assert.equal(named("tad"), undefined);
});

test("no emoji is listed twice, and each has a name that can be typed", () => {
  const all = groups.flatMap(({ emoji }) => emoji);
  assert.equal(new Set(all.map(({ sign }) => sign)).size, all.length);
  assert.ok(all.every(({ names }) => names.length && names.every((name) => /^[a-z0-9_+-]{2,30}$/.test(name) || name === "x")));
});

test("the limit counts characters as the server does", () => {
  assert.equal(overLimit("x".repeat(10), 10), 0);
  assert.equal(overLimit("🎉".repeat(10), 10), 0);
  assert.equal(overLimit("🎉".repeat(12), 10), 2);
  assert.equal(overLimit("x".repeat(9_600), 10_000), -400);
});

const pairs = (called) => grouped(called).flatMap(({ emoji }) => emoji);

test("every emoji has a name in each language, which can be typed, and no two the same first one", () => {
  for (const called of [german, french]) {
    assert.deepEqual(called.map((line) => line.split("|").length), groups.map(({ emoji }) => emoji.length));
    const firsts = pairs(called).map(({ names }) => names[0]);
    assert.equal(new Set(firsts).size, firsts.length);
    for (const { names } of pairs(called)) for (const name of names.slice(0, -1)) assert.equal(at(`:${name}`)?.name, name.length > 1 ? name : undefined);
  }
  const name = (called, sign) => pairs(called).find((one) => one.sign === sign).names[0];
  assert.deepEqual([name(german, "🔑"), name(french, "🔑")], ["schlüssel", "clé"]);
  assert.deepEqual([name(german, "🆕"), name(french, "🆕")], ["neu", "nouveau"]); // the last of the last line
});

test("the English names work in other languages too", () => {
  const key = pairs(german).find(({ sign }) => sign === "🔑");
  assert.deepEqual(key.names, ["schlüssel", "key"]);
  const pizza = pairs(german).find(({ sign }) => sign === "🍕");
  assert.deepEqual(pizza.names, ["pizza"]);
});
