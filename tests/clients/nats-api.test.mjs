// The NATS API with the official client: the document's own `nats req` examples, streams, discovery.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Objm } from "@nats-io/obj";
import { headers } from "@nats-io/transport-node";
import { Svcm } from "@nats-io/services";
import { eventually } from "./support/eventually.mjs";
import { chatModel, counted, otherModel, says } from "./support/models.mjs";
import { caller, startNats } from "./support/nats.mjs";
import { startPair } from "./support/processes.mjs";

const patience = { timeout: 60_000 };
const document = readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), "../fixtures/sources/0-nats-service.md"), "utf8");

/** Subject and payload of every `nats req` that the document prints, the payload byte for byte. */
const printed = Object.fromEntries([...document.matchAll(/^nats req (\S+) '([^']*)'/gm)].map(([, subject, payload]) => [subject, payload]));

describe("the NATS API", { timeout: 180_000 }, () => {
  let nats, pair, nc, models;

  before(async () => {
    nats = await startNats();
    models = mkdtempSync(path.join(tmpdir(), "lmgateway-models-"));
    pair = await startPair({ settings: { "nats.url": nats.url, node: "desk", "lmstudio.models_dir": models }, modelsDir: models, downloadTimeMs: 200, tokensPerSecond: 200 });
    nc = await caller(nats.url);
  });
  after(async () => {
    await nc?.close();
    await pair?.stop();
    await nats?.stop();
    rmSync(models, { recursive: true, force: true });
  });

  const ask = async (subject, payload = printed[subject]) => (await nc.request(subject, payload, patience)).json();

  test("the document prints four requests, and they are sent as they stand", async () => {
    assert.deepEqual(Object.keys(printed), ["lmstudio.list_models", "lmstudio.pull_model", "lmstudio.delete_model", "lmstudio.chat_model"]);
    const list = await ask("lmstudio.list_models");
    assert.equal(list.ok, true);
    assert.equal(list.data.http_status, 200);
    assert.ok(list.data.models.data.some(({ id, publisher }) => id === otherModel && publisher === "ibm-granite"));

    const chat = await ask("lmstudio.chat_model");
    assert.equal(chat.ok, true, chat.error);
    assert.match(chat.data.response.choices[0].message.content, /Explique rapidamente o que é o LM Studio\./);
    const { usage } = chat.data.response;
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);

    const pull = await ask("lmstudio.pull_model");
    assert.equal(pull.ok, true, pull.error);
    assert.equal(pull.data.model, "meta-llama/Meta-Llama-3-8B-Instruct");
    assert.equal(typeof pull.data.output, "string");

    const deletion = await ask("lmstudio.delete_model");
    assert.equal(deletion.ok, true, deletion.error);
    assert.equal(deletion.data.model_id, otherModel);
    assert.match(deletion.data.deleted_dir, /\/ibm-granite\/granite-3\.0-2b-instruct$/);
    const again = await ask("lmstudio.delete_model");
    assert.deepEqual([again.ok, again.error, again.data.code], [false, `modelo ${otherModel} não encontrado no LM Studio`, "model_not_found"]);
  });

  test("a model that the official client puts into the bucket is copied into the models folder", async () => {
    const [request] = document.match(/\{\s*"bucket": "llm-models"[^}]*\}/);
    const content = new Uint8Array(1_000_000).map((_, index) => index * 7);
    const bucket = await new Objm(nc).create("llm-models");
    await bucket.putBlob({ name: JSON.parse(request).object_name }, content);
    const { ok, error, data } = await ask("lmstudio.sync_model_from_bucket", request);
    assert.equal(ok, true, error);
    assert.equal(data.local_path, path.join(models, "meta-llama/Meta-Llama-3-8B-Instruct/model.gguf"));
    assert.ok(readFileSync(data.local_path).equals(Buffer.from(content)));
  });

  test("a stream is read with requestMany to its sentinel", async () => {
    const payload = JSON.stringify({ model: chatModel, messages: says("count to 20") });
    const messages = [];
    for await (const message of await nc.requestMany("lmstudio.chat_stream", payload, { strategy: "sentinel", maxWait: 60_000, noMux: true })) {
      if (message.data.length > 0) messages.push(message.json());
    }
    assert.deepEqual(messages.map(({ data }) => data.seq), messages.map((_, index) => index));
    assert.equal(messages[0].data.type, "ack");
    const spoken = messages.filter(({ data }) => data.type === "chunk").map(({ data }) => data.chunk.choices[0].delta.content ?? "");
    assert.equal(spoken.join(""), counted(20));
    assert.equal(messages.at(-1).data.type, "done");
  });

  test("a caller that unsubscribes ends the generation", async () => {
    const { cancels } = await counters();
    const inbox = `_INBOX.${crypto.randomUUID()}`;
    const replies = nc.subscribe(inbox);
    nc.publish("lmstudio.chat_stream", JSON.stringify({ model: chatModel, messages: says("count to 50000") }), { reply: inbox });
    for await (const message of replies) if (message.json().data.type === "chunk") break;
    replies.unsubscribe();
    await eventually("the generation is cancelled", async () => (await counters()).cancels > cancels);
  });

  test("200 streams at once come whole and in order", async () => {
    const payload = JSON.stringify({ model: chatModel, messages: says("count to 10") });
    await Promise.all(Array.from({ length: 200 }, async () => {
      let seq = 0, spoken = "";
      for await (const message of await nc.requestMany("lmstudio.chat_stream", payload, { strategy: "sentinel", maxWait: 120_000, noMux: true })) {
        if (message.data.length === 0) continue;
        const { ok, data, error } = message.json();
        assert.ok(ok, error);
        assert.equal(data.seq, seq++);
        spoken += data.chunk?.choices[0].delta.content ?? "";
      }
      assert.equal(spoken, counted(10));
    }));
  });

  test("the request id comes back, and a deadline is kept", async () => {
    const asked = headers();
    asked.set("x-request-id", "from-js");
    asked.set("x-deadline-ms", "200");
    const reply = await nc.request("lmstudio.chat_model", JSON.stringify({ model: chatModel, messages: says("count to 50000") }), { ...patience, headers: asked });
    assert.equal(reply.headers.get("x-request-id"), "from-js");
    assert.equal(reply.headers.get("Nats-Service-Error"), "backend_timeout");
    assert.equal(reply.json().data.code, "backend_timeout");
  });

  test("it is found as a micro service", async () => {
    const found = [];
    for await (const info of await new Svcm(nc).client().info("lmstudio")) found.push(info);
    assert.equal(found.length, 1);
    assert.equal(found[0].metadata.node, "desk");
    assert.ok(found[0].endpoints.some(({ subject, queue_group }) => subject === "lmstudio.chat_model" && queue_group === "lmstudio-workers"));
  });

  const counters = () => pair.simulator.counters();
});
