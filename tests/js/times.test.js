import assert from "node:assert/strict";
import { test } from "node:test";

import { hue, initials } from "../../wellchat/static/js/lib/dom.js";
import { Times } from "../../wellchat/static/js/lib/times.js";

const NOW = Date.parse("2026-11-21T14:30:00Z");
const times = (zone = "UTC") => new Times({ zone, now: () => NOW });

test("days and times are written in words", () => {
  const said = (iso) => [times().full(iso), times().when(iso)];
  assert.deepEqual(said("2026-11-21T09:05:00Z"), ["Today 09:05", "09:05"]);
  assert.deepEqual(said("2026-11-20T23:59:00Z"), ["Yesterday 23:59", "Yesterday"]);
  assert.deepEqual(said("2026-11-17T12:00:00Z"), ["Tue 17 Nov 12:00", "Tue"]);
  assert.deepEqual(said("2026-09-03T12:00:00Z"), ["Thu 3 Sep 12:00", "3 Sep"]);
  assert.deepEqual(said("2024-11-12T12:00:00Z"), ["12 Nov 2024 12:00", "12 Nov 2024"]);
});

test("days follow the person's time zone", () => {
  assert.equal(times("Asia/Tokyo").date("2026-11-21T15:30:00Z"), "2026-11-22");
  assert.equal(times("America/Los_Angeles").full("2026-11-21T07:30:00Z"), "Yesterday 23:30");
});

test("days are written the same in browsers with another date order", (context) => {
  const { DateTimeFormat } = Intl;
  class American extends DateTimeFormat {
    constructor(_language, options) {
      super("en-US", options);
    }
  }
  Intl.DateTimeFormat = American; // some versions of WebKit and Chromium write Canada's dates so
  context.after(() => (Intl.DateTimeFormat = DateTimeFormat));
  assert.equal(times("Asia/Tokyo").date("2026-11-21T15:30:00Z"), "2026-11-22");
  assert.equal(times().full("2026-11-20T23:59:00Z"), "Yesterday 23:59");
});

test("initials work for any name", () => {
  assert.deepEqual(["Sofia Marin", "Ana", "Jean-Luc de la Tour", "李 小龍", "𝒜da 𝒵oe", " ", "(x)"].map(initials), ["SM", "A", "JT", "李小", "𝒜𝒵", " ", "("]);
});

test("a person's hue is one of twelve and does not change", () => {
  assert.equal(hue("a1b2c3d4e5f6g"), hue("a1b2c3d4e5f6g"));
  assert.equal(new Set(Array.from({ length: 500 }, (_, i) => hue(`user${i}`))).size, 12);
});
