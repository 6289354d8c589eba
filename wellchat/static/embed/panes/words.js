/* The words that stand where there is no frame, and beside one. */

export const MORE_WORDS = {
  en: {
    close: "Close",
    again: "Try again",
    "signed-out": "Please sign in again",
    trouble: "Messages cannot be shown at the moment",
  },
  de: {
    close: "Schließen",
    again: "Erneut versuchen",
    "signed-out": "Bitte melden Sie sich erneut an",
    trouble: "Nachrichten können gerade nicht angezeigt werden",
  },
  fr: {
    close: "Fermer",
    again: "Réessayer",
    "signed-out": "Veuillez vous reconnecter",
    trouble: "Les messages ne peuvent pas être affichés pour le moment",
  },
};
