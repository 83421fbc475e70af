// Finds services as the official micro services client does, and asks their endpoints. With "serve" it is one itself.
import { Svcm } from "@nats-io/services";
import { open, orders, rest, say, subject } from "./peer.mjs";

const nc = await open();
const all = async (answers) => {
  const list = [];
  for await (const answer of await answers) list.push(answer);
  return list;
};

if (rest[0] === "serve") {
  const service = await new Svcm(nc).add({ name: subject, version: "2.1.0", description: "official" });
  service.addGroup("a").addEndpoint("fail", { subject: `${subject}.fail`, handler: (_, m) => m.respondError(418, "no coffee", "tea") });
  await nc.flush();
  say("ready");
  for await (const _ of orders()) break;
  await service.stop();
} else {
  const client = new Svcm(nc).client({ strategy: "stall", maxWait: 1_000 });
  for await (const question of orders()) {
    const [verb, name, id] = question.split(" ");
    say(verb === "ask" ? await ask(name) : await all(client[verb](name, id)));
  }
}
await nc.close();
process.exit(0);

async function ask(endpoint) {
  const reply = await nc.request(endpoint, "x", { timeout: 30_000 });
  return { body: reply.string(), headers: reply.headers?.toRecord() ?? {} };
}
