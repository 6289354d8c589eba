/* The search palette: a field and a list over any page. The focus stays in the field; arrow keys move through the list. */

import { part, setAvatar, setTime } from "../lib/dom.js";
import { isComposing } from "../lib/text_input.js";
import { SearchSession, trimBefore, segments, errorMessage } from "../models/search_session.js";
import { go } from "../lib/surroundings.js";
import { t } from "../lib/i18n.js";

const ON_A_PAGE = 8;
const PEOPLE = 6;

let opened = null;

export function palette(app, recents, opener, typed) {
  if (opened?.open) return opened.querySelector("input").select();
  const dialog = opened ?? build(app, recents);
  opened = dialog;
  dialog.cameFrom = document.activeElement === document.body ? opener : document.activeElement;
  dialog.showModal();
  dialog.begin(typed);
}

function build(app, recents) {
  const dialog = fromTemplate("palette-template");
  const field = dialog.querySelector("input");
  const list = part(dialog, "list");
  const all = part(dialog, "all");
  const forget = dialog.querySelector('[data-action="forget"]');
  let active = -1;
  let idle = false; // what is listed is from earlier
  let latest = []; // the threads of the people one has written with last

  const session = new SearchSession({
    ask: (query, signal) => app.api.send("POST", "/search", { q: query, names: true, limit: ON_A_PAGE }, { signal }),
    show,
  });

  const options = () => [...list.querySelectorAll('[role="option"]')];

  function choose(index) {
    const rows = options();
    active = rows.length && index !== null ? (index + rows.length) % rows.length : -1;
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === active)));
    const row = rows[active];
    if (row) field.setAttribute("aria-activedescendant", row.id);
    else field.removeAttribute("aria-activedescendant");
    row?.scrollIntoView({ block: "nearest" });
  }

  function draw(groups, query) {
    list.replaceChildren(...groups.filter(({ rows }) => rows.length).map(group));
    options().forEach((row, at) => (row.id = `palette-option-${at}`));
    list.hidden = !options().length;
    field.setAttribute("aria-expanded", String(options().length > 0));
    choose(query ? 0 : null); // choose nothing before a person types
  }

  function say(text) {
    const line = part(dialog, "state");
    if (line.textContent !== text) line.textContent = text;
  }

  function show({ state, query, answer, error }) {
    forget.hidden = true;
    const [wasIdle, chosen] = [idle, active];
    idle = state === "idle";
    if (state === "waiting" && wasIdle) draw([], query);
    part(dialog, "skeleton").hidden = state !== "waiting" || options().length > 0; // old results stay until then
    if (state === "waiting") return say(t("Searching…"));
    if (state === "failed") {
      draw([], query);
      return say(errorMessage(error));
    }
    if (state === "idle") {
      const queries = recents.list();
      forget.hidden = !queries.length;
      draw([
        { heading: t("Recent searches"), rows: queries.map((query) => recentRow(query)) },
        { heading: t("Recent people"), rows: latest.map(threadRow) },
      ], "");
      if (wasIdle && chosen >= 0) choose(chosen); // the people have come meanwhile
      return say(options().length ? "" : t("Find people, conversations, and what was said in them."));
    }
    draw([
      { heading: t("People and conversations"), rows: [...answer.threads.map((thread) => threadRow(thread)), ...answer.people.map(personRow)] },
      { heading: answer.close ? t("Messages that come close") : t("Messages"), rows: answer.results.map((result) => messageRow(result, app)) },
      ...(answer.others ?? []).map(({ label, hits }) => ({ heading: label, rows: hits.map(otherRow) })),
    ], query);
    say(options().length ? "" : t("Nothing found for “%(words)s”. Try fewer words, or only the beginning of a word.", { words: query }));
  }

  function take(row) {
    if (row.dataset.query) {
      field.value = row.dataset.query;
      session.type(field.value);
      return;
    }
    recents.add(field.value);
    dialog.close();
    go(row.href);
  }

  field.addEventListener("input", () => session.type(field.value));
  field.addEventListener("keydown", (event) => {
    if (isComposing(event)) return; // the keys belong to the input method
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? active + 1 : active < 0 ? -1 : active - 1);
    } else if (event.key === "Enter" && options()[active]) {
      event.preventDefault();
      take(options()[active]);
    }
  });
  field.form.addEventListener("submit", () => recents.add(field.value));
  all.addEventListener("click", (event) => {
    if (!field.value.trim() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    field.form.requestSubmit(); // by POST: an address must not hold the words
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest('[role="option"]');
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    take(row);
  });
  forget.addEventListener("click", () => {
    recents.forget();
    field.focus();
    show({ state: "idle" });
  });
  dialog.querySelector('[data-action="close"]').addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // a click beside the palette
  dialog.addEventListener("close", () => {
    session.stop();
    if (dialog.cameFrom?.isConnected) dialog.cameFrom.focus({ preventScroll: true });
  });
  dialog.begin = (typed) => {
    field.value = typed;
    session.stop();
    if (typed) session.type(typed);
    else show({ state: "idle" });
    field.focus();
    app.api.get("/threads", { limit: PEOPLE, pinned: 0 }).then(({ threads }) => {
      latest = threads;
      if (!field.value) show({ state: "idle" });
    }).catch(() => {});
  };
  document.body.append(dialog);
  return dialog;
}

const fromTemplate = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

function group({ heading, rows }, index) {
  const box = fromTemplate("palette-group");
  const title = part(box, "heading");
  title.textContent = heading;
  title.id = `palette-heading-${index}`;
  box.setAttribute("aria-labelledby", title.id);
  box.append(...rows);
  return box;
}

function option({ href, who, person, text = [], at = null, times = null }) {
  const row = fromTemplate("palette-option");
  row.href = href;
  part(row, "who").title = part(row, "who").textContent = who;
  if (person) setAvatar(part(row, "avatar"), person);
  else part(row, "avatar").remove();
  if (at) setTime(part(row, "time"), at, times);
  else part(row, "time").remove();
  part(row, "text").replaceChildren(...text.map(([piece, hit]) => (hit ? marked(piece) : piece)));
  part(row, "text").hidden = !text.length;
  return row;
}

const marked = (text) => Object.assign(document.createElement("mark"), { textContent: text });

function threadRow(thread) {
  const text = thread.subject ? [[thread.subject.title, false]] : thread.other.role_label ? [[thread.other.role_label, false]] : [];
  return option({ href: `/threads/${thread.id}`, who: thread.title, person: thread.other, text });
}

function personRow(person) {
  return option({ href: `/people/${person.id}`, who: person.name, person, text: [[t("No messages yet"), false]] });
}

function messageRow({ message, thread, excerpt, marks }, app) {
  const mine = message.sender_id === app.viewerId ? [[`${t("You:")} `, false]] : [];
  const text = [...mine, ...trimBefore(segments(excerpt, marks))];
  const href = `/threads/${thread.id}#${message.seq}`;
  return option({ href, who: thread.title, person: thread.other, text, at: message.created_at, times: app.times });
}

function otherRow({ title, path, excerpt }) {
  return option({ href: path, who: title, text: excerpt ? [[excerpt, false]] : [] });
}

function recentRow(query) {
  const row = option({ href: "/search", who: query });
  row.dataset.query = query;
  return row;
}
