/* A poller with an API and a clock that a test moves by hand, and what it did. */

import { Poller } from "../../wellchat/static/js/models/poller.js";
import { FakeApi, FakeClock } from "./fakes.js";

export function setUp(options = {}) {
  const [api, clock] = [new FakeApi(), new FakeClock()];
  const log = { applied: [], resyncs: [], states: [] };
  const poller = new Poller({
    api,
    clock,
    cursor: "c0",
    random: () => 0,
    apply: (update) => log.applied.push(update.cursor),
    resync: async (reason, cursor) => (log.resyncs.push(reason), cursor ?? "fresh"),
    onState: (state) => log.states.push(state),
    ...options,
  });
  poller.start();
  return { api, clock, poller, log };
}

export const update = (cursor, more = {}) => ({ data: { cursor, has_more: false, ...more } });
