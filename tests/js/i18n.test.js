import assert from "node:assert/strict";
import { test } from "node:test";

/* The page of a German reader, as the server writes it: its language, and the words before the script. */
globalThis.document = { documentElement: { lang: "de" } };
await import("../../wellchat/static/js/catalogs/de.js");
const { t, tn, language } = await import("../../wellchat/static/js/lib/i18n.js");
const { Times } = await import("../../wellchat/static/js/lib/times.js");
const { fileSize, describeFiles } = await import("../../wellchat/static/js/lib/files.js");

test("sentences are in the language of the page, with their values", () => {
  assert.equal(language, "de");
  assert.equal(t("Yesterday"), "Gestern");
  assert.equal(t("You and %(name)s", { name: "100 % Paul" }), "Sie und 100 % Paul");
  assert.equal(t("What nobody translated, %(name)s", { name: "Paul" }), "What nobody translated, Paul");
});

test("counts use the plural form of the language", () => {
  const photos = (num) => tn("%(num)s photo", "%(num)s photos", num);
  assert.deepEqual([0, 1, 2].map(photos), ["0 Fotos", "1 Foto", "2 Fotos"]);
  assert.equal(tn("%(num)s unknown", "%(num)s unknowns", 1), "1 unknown");
  assert.equal(tn("%(num)s unknown", "%(num)s unknowns", 2), "2 unknowns");
});

test("days and times follow the locale, the same as on the server", () => {
  const NOW = Date.parse("2026-11-21T14:30:00Z");
  const times = new Times({ zone: "UTC", now: () => NOW });
  assert.equal(times.full("2026-11-21T09:05:00Z"), "Heute 09:05");
  assert.equal(times.day("2026-11-12T12:00:00Z"), "Do., 12. Nov.");
  assert.equal(times.day("2024-11-12T12:00:00Z"), "12. Nov. 2024");
  assert.deepEqual(["2026-11-17T12:00:00Z", "2026-11-12T12:00:00Z"].map((iso) => times.when(iso)), ["Di", "12. Nov."]);
  assert.equal(times.seen({ presence: "away", seen_at: "2026-11-20T09:05:00Z" }), "Gestern gesehen");
  assert.equal(times.waited("2026-11-18T12:00:00Z"), "Wartet seit 3 Tagen");
});

test("numbers follow the locale", () => {
  assert.equal(fileSize(3_400_000), "3,4 MB");
  assert.equal(describeFiles([{ name: "plan.pdf", media_type: "application/pdf" }]), "Dokument: plan.pdf");
});
