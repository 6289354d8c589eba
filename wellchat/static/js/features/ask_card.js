/* The card of a question in a message: shows its state, and sends the answer of one tap. */

import { part, write } from "../lib/dom.js";
import { request, showPicture } from "../lib/surroundings.js";
import { Api } from "../models/api.js";

/** `root` holds the card. `asked` is the `card` of the message, or missing for one that the server drew. */
export function askCard(root, _app, asked = null) {
  const card = root.matches(".ask") ? root : part(root, "ask");
  if (asked) fill(card, asked);
  card.querySelectorAll("img").forEach(tellIfGone);
  if (card.dataset.bound) return;
  card.dataset.bound = "true";
  part(card, "ask-form")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { csrfToken, viewerId } = { csrfToken: document.querySelector('meta[name="csrf-token"]').content, ...document.documentElement.dataset };
    const api = new Api({ fetch: request, csrf: csrfToken, viewerId });
    try {
      const { ask } = await api.send("PUT", `/portfolio/asks/${card.dataset.ask}`, { answer: event.submitter.value });
      write(part(card, "ask-problem"), "");
      show(card, ask.state);
    } catch (error) {
      write(part(card, "ask-problem"), error.message);
    }
  });
}

function fill(card, { id, state, attachments }) {
  show(card, state);
  const list = part(card, "ask-pictures");
  if (card.dataset.ask === id) return;
  card.dataset.ask = id;
  list.replaceChildren(...attachments.map((file, index) => picture(file, list.dataset.name.replace("{num}", index + 1))));
}

function picture(file, alt) {
  const item = document.createElement("li");
  const image = Object.assign(document.createElement("img"), { alt, width: 64, height: 64 });
  showPicture(image, `/attachments/${file}/thumbnail`);
  item.append(image);
  return item;
}

/* A picture whose message was deleted meanwhile: its thumbnail is gone, and a word stands for it. */
function tellIfGone(image) {
  const tell = () => {
    const word = Object.assign(document.createElement("span"), { className: "ask__gone quiet small", textContent: image.closest("ul").dataset.gone });
    image.replaceWith(word);
  };
  if (image.complete && image.src && !image.naturalWidth) return tell();
  image.addEventListener("error", tell, { once: true });
}

function show(card, state) {
  card.dataset.state = state;
  card.querySelectorAll("[data-when]").forEach((each) => (each.hidden = each.dataset.when !== state));
}
