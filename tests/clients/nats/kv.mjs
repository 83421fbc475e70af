// The official key-value client: does what each line of the test says in the bucket that is its subject, and answers with JSON.
import { Kvm } from "@nats-io/kv";
import { open, orders, rest, say, subject } from "./peer.mjs";

const nc = await open();
const kvm = new Kvm(nc);
const kv = rest[0] ? await kvm.create(subject, JSON.parse(rest[0])) : await kvm.open(subject);
const plain = (e) => e && { key: e.key, value: e.string(), revision: e.revision, operation: e.operation };
const all = async (list) => {
  const found = [];
  for await (const one of await list) found.push(one);
  return found;
};

const actions = {
  put: (key, value) => kv.put(key, value),
  create: (key, value) => kv.create(key, value),
  update: (key, value, revision) => kv.update(key, value, Number(revision)),
  get: async (key) => plain(await kv.get(key)),
  delete: (key) => kv.delete(key),
  purge: (key) => kv.purge(key),
  keys: (filter) => all(kv.keys(filter)),
  history: async (key) => (await all(kv.history({ key }))).map(plain),
  status: async () => {
    const { bucket, values, history, ttl, storage } = await kv.status();
    return { bucket, values, history, ttl, storage };
  },
  async watch(count) {
    const found = [];
    for await (const entry of await kv.watch()) if (found.push(plain(entry)) === Number(count)) break;
    return found;
  },
};

say("ready");
for await (const order of orders()) {
  const [action, ...args] = order.split(" ");
  try {
    say({ result: (await actions[action](...args)) ?? null });
  } catch (e) {
    say({ error: e.message });
  }
}
await nc.close();
process.exit(0);
