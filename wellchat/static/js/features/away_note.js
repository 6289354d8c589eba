/* The note above the field that says when somebody is back: it comes when their hours end, and goes when they begin. */

const LONGEST = 2 ** 31 - 1; // ms that a timer can wait

export function awayNote(note) {
  const at = (name, show) => {
    const wait = Date.parse(note.dataset[name]) - Date.now();
    if (wait > 0 && wait < LONGEST) setTimeout(() => (note.hidden = !show), wait);
  };
  at("closesAt", true);
  at("backAt", false);
}
