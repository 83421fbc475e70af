// The official OpenAI client while models come and go: cold starts, instances, the active model, and callers that leave.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { APIUserAbortError } from "openai";
import { admin } from "./support/admin.mjs";
import { eventually } from "./support/eventually.mjs";
import { chatModel, counted, embedder, otherModel, says, slashedModel } from "./support/models.mjs";
import { all, openai } from "./support/openai.mjs";
import { startDemo, startPair } from "./support/processes.mjs";

const crowd = 64;
const rounds = 20;

describe("openai: the demo", { timeout: 120_000 }, () => {
  test("a service started with --demo answers a stock client, and ends when it is asked to", async () => {
    const demo = await startDemo();
    try {
      const client = openai(demo.http);
      assert.ok((await all(client.models.list())).some(model => model.id === chatModel));
      const completion = await client.chat.completions.create({ model: chatModel, messages: says("count to 5") });
      assert.equal(completion.choices[0].message.content, counted(5));
    } finally {
      await demo.stop();
    }
  });
});

describe("openai: cold models", { timeout: 300_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair();
    client = openai(pair.gateway.http, { timeout: 60_000 });
  });

  after(() => pair.stop());

  /** One of several ways to ask the same model for the same thing. */
  async function ask(number) {
    const request = { model: chatModel, messages: says("count to 3") };
    switch (number % 4) {
      case 0: return (await client.chat.completions.create(request)).choices[0].message.content;
      case 1: return client.chat.completions.stream(request).finalContent();
      case 2: return (await client.completions.create({ model: chatModel, prompt: "count to 3" })).choices[0].text;
      default: return (await client.responses.create({ model: chatModel, input: "count to 3" })).output_text;
    }
  }

  test(`${crowd} first requests at the same time cause one load, ${rounds} times in a row`, async () => {
    for (let round = 1; round <= rounds; round++) {
      const answers = await Promise.all(Array.from({ length: crowd }, (_, number) => ask(number)));
      assert.deepEqual(new Set(answers), new Set([counted(3)]));
      const { loadsStarted, loadsCompleted } = await pair.simulator.counters();
      assert.deepEqual([loadsStarted, loadsCompleted], [round, round]);
      await admin(pair.gateway.http, "models/unload", { modelKey: chatModel });
    }
  });

  test("first requests for several models at the same time load each once", async () => {
    const before = await pair.simulator.counters();
    const models = [chatModel, otherModel, slashedModel];
    const answers = await Promise.all(Array.from({ length: crowd }, (_, number) =>
      client.chat.completions.create({ model: models[number % models.length], messages: says("count to 3") })));
    for (const [number, answer] of answers.entries()) assert.equal(answer.model, models[number % models.length]);
    assert.equal((await pair.simulator.counters()).loadsStarted, before.loadsStarted + models.length);
  });
});

describe("openai: instances and the active model", { timeout: 120_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair();
    client = openai(pair.gateway.http);
  });

  after(() => pair.stop());

  const chat = (model, more = {}) => client.chat.completions.create({ model, messages: says("count to 9"), ...more });

  test("two instances of one model are called by their identifiers", async () => {
    for (const instanceId of ["first", "second"]) await admin(pair.gateway.http, "models/load", { modelKey: slashedModel, instanceId, activate: false });
    for (const instanceId of ["first", "second"]) {
      const { data, request_id: id } = await chat(instanceId).withResponse();
      assert.equal(data.model, instanceId);
      assert.equal(data.choices[0].message.content, counted(9));
      assert.ok(id.length > 0);
      const seen = (await pair.simulator.requests()).findLast(request => request.path === "/v1/chat/completions");
      assert.equal(JSON.parse(seen.body).model, instanceId);
    }
    const ids = (await all(client.models.list())).map(model => model.id);
    assert.ok(ids.includes("first") && ids.includes("second") && ids.includes(slashedModel));
    assert.equal((await client.models.retrieve("second")).key, slashedModel);
  });

  test("a request without a model goes to the active one, with its parameters where it has none of its own", async () => {
    await admin(pair.gateway.http, "models/load", { modelKey: chatModel, activate: true, defaultInference: { maxTokens: 4 } });
    const unnamed = await chat(undefined);
    assert.deepEqual([unnamed.model, unnamed.choices[0].message.content, unnamed.choices[0].finish_reason], [chatModel, counted(4), "length"]);
    const own = await chat(undefined, { max_tokens: 2 });
    assert.equal(own.choices[0].message.content, counted(2));
    const chunks = await all(await chat(undefined, { stream: true }));
    assert.equal(chunks.map(chunk => chunk.choices[0].delta.content ?? "").join(""), counted(4));
    const named = await chat(otherModel);
    assert.deepEqual([named.model, named.choices[0].message.content], [otherModel, counted(9)]);
  });

  test("an embedding model that is loaded takes no chat over", async () => {
    await admin(pair.gateway.http, "models/load", { modelKey: chatModel, instanceId: "talker", activate: true });
    await admin(pair.gateway.http, "models/load", { modelKey: embedder });
    assert.equal((await chat(undefined)).model, "talker");
    assert.ok((await client.embeddings.create({ model: embedder, input: "one" })).data[0].embedding.length > 0);
  });
});

describe("openai: callers that leave", { timeout: 120_000 }, () => {
  const slow = { tokensPerSecond: 50 };
  let pair, client, before_;

  before(async () => {
    pair = await startPair(slow);
    client = openai(pair.gateway.http);
    await client.chat.completions.create({ model: chatModel, messages: says("count to 1") });
  });

  after(() => pair.stop());

  beforeEach(async () => {
    before_ = await pair.simulator.counters();
  });

  const long = { model: chatModel, messages: says("count to 1000") };

  test("an aborted stream ends at the backend", async () => {
    const leaving = new AbortController();
    const stream = await client.chat.completions.create({ ...long, stream: true }, { signal: leaving.signal });
    let seen = 0;
    for await (const _ of stream) if (++seen === 3) leaving.abort();
    assert.equal(seen, 3);
    await pair.simulator.cancelledOnceMore(before_);
  });

  test("a loop that is left ends at the backend", async () => {
    for await (const _ of await client.chat.completions.create({ ...long, stream: true })) break;
    await pair.simulator.cancelledOnceMore(before_);
  });

  test("an aborted answer that is not streamed ends at the backend", async () => {
    const leaving = new AbortController();
    const refused = assert.rejects(client.chat.completions.create(long, { signal: leaving.signal }), APIUserAbortError);
    await pair.simulator.generating(before_);
    leaving.abort();
    await refused;
    await pair.simulator.cancelledOnceMore(before_);
  });

  test("the stream helpers' own abort ends at the backend", async () => {
    const stream = client.chat.completions.stream(long);
    stream.once("content", () => stream.abort());
    await assert.rejects(stream.done(), APIUserAbortError);
    await pair.simulator.cancelledOnceMore(before_);
  });

  test("an aborted response ends at the backend", async () => {
    const events = await client.responses.create({ model: chatModel, input: "count to 1000", stream: true });
    for await (const event of events) if (event.type === "response.output_text.delta") break;
    await pair.simulator.cancelledOnceMore(before_);
  });

  test("the last caller to leave ends the load that it waited for", async () => {
    await pair.simulator.change({ loadTimeMs: 60_000 });
    try {
      const leaving = Array.from({ length: 3 }, () => new AbortController());
      const calls = leaving.map(({ signal }) => assert.rejects(
        client.chat.completions.create({ model: otherModel, messages: says("x"), stream: true }, { signal }), APIUserAbortError));
      await eventually("the load begins", async () => (await pair.simulator.counters()).loadsStarted === before_.loadsStarted + 1);
      for (const one of leaving) one.abort();
      await Promise.all(calls);
      await eventually("the load is given up", async () => (await pair.simulator.counters()).loadsCancelled === before_.loadsCancelled + 1);
      assert.equal((await pair.simulator.counters()).loadsStarted, before_.loadsStarted + 1);
    } finally {
      await pair.simulator.change({ loadTimeMs: 50 });
    }
    const completion = await client.chat.completions.create({ model: otherModel, messages: says("count to 2") });
    assert.equal(completion.choices[0].message.content, counted(2));
  });
});
