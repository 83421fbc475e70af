// The asking side: runs one case against a service of ours and ends with an error where it does not get what it should.
import assert from "node:assert/strict";
import { errors, headers } from "@nats-io/transport-node";
import { open, orders, rest, say, subject } from "./peer.mjs";

const nc = await open();
const timeout = 30_000;

const cases = {
  async headers() {
    const sent = headers();
    sent.append("X-Many", "1");
    sent.append("X-Many", "2");
    sent.append("x-many", "small");
    sent.append("Empty", "");
    const reply = await nc.request(`${subject}.echo`, "grüße", { timeout, headers: sent });
    assert.equal(reply.string(), "grüße");
    assert.deepEqual(reply.headers.values("X-Many"), ["1", "2"]);
    assert.deepEqual(reply.headers.values("x-many"), ["small"]);
    assert.deepEqual(reply.headers.values("Empty"), [""]);
    assert.deepEqual(reply.headers.keys().sort(), ["Empty", "X-Many", "x-many"]);
  },

  async largest() {
    const payload = Buffer.alloc(nc.info.max_payload, "ab");
    const reply = await nc.request(`${subject}.echo`, payload, { timeout });
    assert.ok(payload.equals(reply.data));
    assert.equal(reply.headers, undefined);
  },

  async many() {
    const replies = await nc.requestMany(`${subject}.many`, "500", { strategy: "sentinel", maxWait: timeout });
    const got = [];
    for await (const reply of replies) if (reply.data.length) got.push(Number(reply.string()));
    assert.deepEqual(got, [...Array(500).keys()]);
  },

  async nobody() {
    await assert.rejects(nc.request(`${subject}.nobody`, "", { timeout }), (e) => e instanceof errors.NoRespondersError || e.isNoResponders());
  },

  /** Asks without a pause until told to stop. */
  async load() {
    let [asked, stop] = [0, false];
    const ask = async () => {
      while (!stop) {
        const payload = String(asked++);
        assert.equal((await nc.request(`${subject}.work`, payload, { timeout })).string(), payload);
        if (asked === 200) say("loaded");
      }
    };
    const asking = Promise.all([...Array(32)].map(ask));
    for await (const _ of orders()) break;
    stop = true;
    await asking;
    say({ asked });
  },
};

await cases[rest[0]]();
await nc.close();
process.exit(0);
