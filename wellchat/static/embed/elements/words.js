/* The words of the elements. What stands in a frame has those of the person. */

const WORDS = {
  en: {
    messages: "Messages",
    unread: "unread",
    one: "1 new message",
    many: "new messages",
    close: "Close",
    again: "Try again",
    "signed-out": "Please sign in again",
    trouble: "Messages cannot be shown at the moment",
  },
  de: {
    messages: "Nachrichten",
    unread: "ungelesen",
    one: "1 neue Nachricht",
    many: "neue Nachrichten",
    close: "Schließen",
    again: "Erneut versuchen",
    "signed-out": "Bitte melden Sie sich erneut an",
    trouble: "Nachrichten können gerade nicht angezeigt werden",
  },
  fr: {
    messages: "Messages",
    unread: "non lus",
    one: "1 nouveau message",
    many: "nouveaux messages",
    close: "Fermer",
    again: "Réessayer",
    "signed-out": "Veuillez vous reconnecter",
    trouble: "Les messages ne peuvent pas être affichés pour le moment",
  },
};

/** Returns the code of the first of these languages that there is. */
export function languageOf(...wanted) {
  const codes = wanted.map((each) => String(each ?? "").slice(0, 2).toLowerCase());
  return codes.find((code) => Object.hasOwn(WORDS, code)) ?? "en";
}

export const wordsOf = (language) => WORDS[language];
