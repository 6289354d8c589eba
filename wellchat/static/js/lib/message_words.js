/* Who wrote a message, and what stands in place of one that was deleted. */

import { t } from "./i18n.js";

export const SYSTEM_ID = "system-person"; // the sender of messages that this site itself wrote

const site = () => document.documentElement.dataset.name;

/** `name` is that of the other person. */
export function nameOf(senderId, viewerId, name) {
  if (senderId === SYSTEM_ID) return site();
  return senderId === viewerId ? t("You") : name;
}

export function deletedWords({ removed_by: by }) {
  if (by === "policy") return t("Removed by policy");
  return by === "host" ? t("Removed by %(name)s", { name: site() }) : t("Message deleted");
}
