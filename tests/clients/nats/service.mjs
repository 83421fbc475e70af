// The answering side: <subject>.echo, <subject>.work in a queue group, <subject>.many. Drains when told, or when the input ends.
import { open, orders, say, subject } from "./peer.mjs";

const nc = await open();
let handled = 0;
nc.subscribe(`${subject}.echo`, { callback: (_, m) => m.respond(m.data, { headers: m.headers }) });
nc.subscribe(`${subject}.work`, {
  queue: "workers",
  callback: (_, m) => {
    handled++;
    m.respond(m.data);
  },
});
nc.subscribe(`${subject}.many`, {
  callback: (_, m) => {
    for (let i = 0; i < Number(m.string()); i++) m.respond(String(i));
    m.respond();
  },
});
await nc.flush();
say("ready");

for await (const _ of orders()) break;
await nc.drain();
say({ handled });
process.exit(0);
