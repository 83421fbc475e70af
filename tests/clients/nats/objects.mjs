// Puts or gets one object with the official client: node objects.mjs <server> put|get|link|delete <bucket> <name> <file or target>
// Prints what the client knows of the object as one line of JSON.
import { createReadStream, createWriteStream } from "node:fs";
import { Readable, Writable } from "node:stream";
import { connect } from "@nats-io/transport-node";
import { Objm } from "@nats-io/obj";

const [servers, action, bucket, name, file] = process.argv.slice(2);
const connection = await connect({ servers });
const store = await new Objm(connection).create(bucket);

const actions = {
  put: () => store.put(
    { name, description: "from node", metadata: { by: "node" }, options: { max_chunk_size: 100_000 } },
    Readable.toWeb(createReadStream(file)), { timeout: 60_000 }),
  async get() {
    const object = await store.get(name);
    await object.data.pipeTo(Writable.toWeb(createWriteStream(file)));
    const failure = await object.error;
    if (failure) throw failure;
    return object.info;
  },
  link: async () => store.link(name, await store.info(file)),
  delete: async () => {
    await store.delete(name);
    return store.info(name);
  },
};

const { size, digest, deleted } = await actions[action]();
console.log(JSON.stringify({ size, digest, deleted }));
await connection.close();
