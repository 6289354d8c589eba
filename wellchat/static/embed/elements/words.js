/* The words of bells. What stands in a frame has those of the person. */

export const WORDS = {
  en: { messages: "Messages", unread: "unread", one: "1 new message", many: "new messages" },
  de: { messages: "Nachrichten", unread: "ungelesen", one: "1 neue Nachricht", many: "neue Nachrichten" },
  fr: { messages: "Messages", unread: "non lus", one: "1 nouveau message", many: "nouveaux messages" },
};

/** Returns the code of the first of these languages that there is. */
export function languageOf(...wanted) {
  return wanted.map((each) => String(each).slice(0, 2).toLowerCase()).find((code) => WORDS[code]) ?? "en";
}
