import assert from "node:assert/strict";
import { test } from "node:test";

import { before, belongs, previewText } from "../../wellchat/static/js/lib/conversation_row.js";
import { withDelayedIndicator } from "../../wellchat/static/js/lib/delayed_indicator.js";
import { Times } from "../../wellchat/static/js/lib/times.js";
import { Drafts } from "../../wellchat/static/js/models/drafts.js";
import { FakeStorage, ME, YOU } from "./fakes.js";

const INBOX = { archived: false, snoozed: false, unread: false, waiting: false, kind: null };
const thread = (more = {}) => ({ archived: false, snoozed_until: null, unread: 0, waiting_since: null, kind: null, ...more });

test("a thread belongs in a list if all filters match", () => {
  assert.equal(belongs(thread(), INBOX), true);
  assert.equal(belongs(thread({ archived: true }), INBOX), false);
  assert.equal(belongs(thread({ snoozed_until: "2026-01-01T00:00:00Z" }), INBOX), false);
  assert.equal(belongs(thread({ snoozed_until: "2026-01-01T00:00:00Z" }), { ...INBOX, snoozed: true }), true);
  assert.equal(belongs(thread({ archived: true, snoozed_until: "2026-01-01T00:00:00Z" }), { ...INBOX, archived: true }), true);
  assert.equal(belongs(thread({ unread: 1 }), { ...INBOX, unread: true, waiting: true }), false);
  assert.equal(belongs(thread({ unread: 1, waiting_since: "x", kind: "lead" }), { ...INBOX, unread: true, waiting: true, kind: "lead" }), true);
  assert.equal(belongs(thread({ kind: "lead" }), { ...INBOX, kind: "coupon" }), false);
});

test("pinned threads come first, then the latest", () => {
  const rows = [{ pinned: false, at: 9 }, { pinned: true, at: 1 }, { pinned: false, at: 5 }, { pinned: true, at: 2 }];
  rows.sort((a, b) => (before(a, b) ? -1 : 1));
  assert.deepEqual(rows.map(({ at }) => at), [2, 1, 9, 5]);
});

test("the preview says what kind of message was last", () => {
  const last = (more) => previewText({ last_message: { sender_id: YOU, body: null, deleted: false, ...more } }, ME);
  const picture = { name: "us.webp", media_type: "image/webp", width: 4 };
  assert.equal(previewText({ last_message: null }, ME), "No messages yet");
  assert.equal(last({ deleted: true }), "Message deleted");
  assert.equal(last({ sender_id: ME, body: "Yes" }), "You: Yes");
  assert.equal(last({ body: "Later?", subject: { title: "Cut" } }), "About Cut: Later?");
  assert.equal(last({ sender_id: ME, body: "Later?", subject: { title: "Cut" } }), "You, about Cut: Later?");
  assert.equal(last({ attachments: [picture] }), "Photo");
  assert.equal(last({ sender_id: ME, attachments: [picture, picture], body: "Us" }), "You: 2 photos · Us");
  assert.equal(last({ attachments: [picture, { name: "plan.pdf", media_type: "application/pdf", width: null }] }), "2 files");
});

test("presence and waiting times are shown in words", () => {
  const times = new Times({ zone: "Europe/Paris", now: () => Date.parse("2026-11-21T12:00:00Z") });
  const seen = (at) => times.seen({ presence: "away", seen_at: at });
  assert.equal(times.seen({ presence: "here", seen_at: null }), "Here now");
  assert.equal(seen(null), "Away");
  assert.equal(seen("2026-11-21T09:05:00Z"), "Seen today 10:05");
  assert.equal(seen("2026-11-20T09:05:00Z"), "Seen yesterday");
  assert.equal(seen("2026-11-17T09:05:00Z"), "Seen Tue 17 Nov");
  assert.equal(times.waited("2026-11-21T11:59:50Z"), "Waiting 1 min");
  assert.equal(times.waited("2026-11-21T09:00:00Z"), "Waiting 3 h");
  assert.equal(times.waited("2026-11-17T09:00:00Z"), "Waiting 4 days");
});

test("listeners hear of drafts of this tab and other tabs, never of another person's", () => {
  const storage = new FakeStorage();
  const drafts = new Drafts({ storage, viewerId: ME });
  const told = [];
  let hear = null;
  drafts.onChange((...what) => told.push(what));
  drafts.listen({ addEventListener: (_, listener) => (hear = listener) });
  drafts.write("t", "half a thou");
  hear({ key: `wellchat.draft.${ME}.t`, storageArea: storage });
  hear({ key: `wellchat.draft.${YOU}.t`, storageArea: storage });
  hear({ key: null, storageArea: storage });
  assert.deepEqual(told, [["t", false], ["t", true]]);
  assert.equal(drafts.read("t"), "half a thou");
});

test("no indicator is shown for a fast promise, even if it fails", async () => {
  const shown = [];
  assert.equal(await withDelayedIndicator(Promise.resolve(1), (slow) => shown.push(slow)), 1);
  await assert.rejects(withDelayedIndicator(Promise.reject(new Error("no")), (slow) => shown.push(slow)));
  await withDelayedIndicator(new Promise((done) => setTimeout(done, 350)), (slow) => shown.push(slow));
  assert.deepEqual(shown, [false, false, true, false]);
});
