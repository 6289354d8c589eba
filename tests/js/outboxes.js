/* An outbox with all that it stands on, as one page has it. */

import { Outbox } from "../../wellchat/static/js/models/outbox.js";
import { Store } from "../../wellchat/static/js/models/store.js";
import { FakeApi, FakeClock, FakeStorage, ME, message } from "./fakes.js";

export function setUp({ storage = new FakeStorage(), viewerId = ME, ...more } = {}) {
  const [api, clock, store] = [new FakeApi(), new FakeClock(), new Store({ viewerId })];
  let keys = 0;
  const outbox = new Outbox({ api, store, storage, viewerId, clock, random: () => 0.5, newKey: () => `${viewerId}-${storage.length}-${++keys}`, ...more });
  const states = () => [...store.pending.values()].map(({ body, state }) => [body, state]);
  return { api, clock, store, storage, outbox, states };
}

export const mine = (seq, { body, client_key: key }) => message(seq, { sender_id: ME, body, client_key: key });
export const accept = (request, seq) => request.answer({ status: 201, data: { message: mine(seq, request.body) } });
