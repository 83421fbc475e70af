// The official client's round trips, for the benchmark: node roundtrips.mjs <server> <warm> <sequential> <in flight> <per flight>
// Prints one line of JSON: p50 and p99 in microseconds of sequential requests, and requests a second with many in flight.
import { connect } from "@nats-io/transport-node";

const [servers, warm, sequential, inFlight, perFlight] = process.argv.slice(2).map((text, i) => (i ? Number(text) : text));
const server = await connect({ servers });
const client = await connect({ servers });
server.subscribe("bench.node", { callback: (_, request) => request.respond(request.data) });
await server.flush();

const payload = new Uint8Array(128);
for (let i = 0; i < warm; i++) await client.request("bench.node", payload);

const times = [];
for (let i = 0; i < sequential; i++) {
  const start = process.hrtime.bigint();
  await client.request("bench.node", payload);
  times.push(Number(process.hrtime.bigint() - start) / 1000);
}
times.sort((a, b) => a - b);

const start = process.hrtime.bigint();
await Promise.all(Array.from({ length: inFlight }, async () => {
  for (let i = 0; i < perFlight; i++) await client.request("bench.node", payload);
}));
const seconds = Number(process.hrtime.bigint() - start) / 1e9;

console.log(JSON.stringify({
  p50: times[Math.floor(sequential / 2)], p99: times[Math.floor(sequential * 0.99)], perSecond: (inFlight * perFlight) / seconds,
}));
await client.close();
await server.close();
