/* The hub: counts what is unread for the whole page around it, and shows nothing. */

import { Api } from "../js/models/api.js";
import { Poller } from "../js/models/poller.js";
import { Door } from "./door.js";

const { origin, maxWait, ...words } = document.documentElement.dataset;
let poller = null;
let told = "";

function tell({ messages, notifications }) {
  const unread = { messages, notifications };
  if (JSON.stringify(unread) === told) return;
  told = JSON.stringify(unread);
  door.post("unread", unread);
}

const stop = () => {
  poller?.stop();
  [poller, told] = [null, ""];
};

const door = new Door({
  origin,
  kind: "hub",
  on: {
    session({ language, brand }) {
      if (poller) return;
      door.post("ready", { lang: language, brand });
      const api = new Api({ fetch: (url, options) => door.fetch((...all) => fetch(...all), url, options) });
      poller = new Poller({
        api,
        cursor: null,
        wait: Number(maxWait),
        visible: () => document.visibilityState === "visible",
        apply: ({ unread }) => tell(unread),
        async resync(_reason, fresh) {
          const { cursor, unread } = await api.get("/me");
          tell(unread);
          return fresh ?? cursor;
        },
      });
      poller.start();
    },
    drop: stop,
    stop,
    message() {},
    words: (code) => words[code.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] ?? "",
  },
});

document.addEventListener("visibilitychange", () => poller?.pollNow());
window.addEventListener("pageshow", (event) => event.persisted && poller?.pollNow());
