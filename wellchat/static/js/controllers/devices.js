/* The push switch on the page of devices. */

import { part } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

export async function devices(root, app) {
  const button = part(root, "switch");
  const show = (state) => {
    root.dataset.state = state;
    for (const words of root.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== state;
    button.hidden = !["on", "off"].includes(state);
    button.textContent = state === "on" ? t("Turn off here") : t("Tell me on this device");
    button.classList.toggle("button--plain", state === "on");
  };
  show(await app.push.state());
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (root.dataset.state === "on") await app.push.turnOff();
      else await app.push.turnOn();
      location.reload(); // the server draws the list of devices
    } catch {
      show("trouble");
    } finally {
      button.disabled = false;
    }
  });
}
