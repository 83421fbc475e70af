// The official OpenAI client on the other routes: models, embeddings, completions, responses.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BadRequestError, NotFoundError } from "openai";
import { chatModel, counted, embedder, onePixelBytes, onePixelUrl, otherModel, slashedModel, visionModel } from "./support/models.mjs";
import { all, openai } from "./support/openai.mjs";
import { startPair } from "./support/processes.mjs";

describe("openai: models, embeddings, completions, responses", { timeout: 120_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair();
    client = openai(pair.gateway.http);
  });

  after(() => pair.stop());

  test("models are listed whole", async () => {
    const models = await all(client.models.list());
    assert.deepEqual(models.map(model => model.id).sort(), [chatModel, embedder, otherModel, slashedModel, visionModel].sort());
    for (const model of models) {
      assert.equal(model.object, "model");
      assert.ok(Number.isInteger(model.created));
      assert.equal(typeof model.owned_by, "string");
    }
  });

  test("a model is retrieved by its id, with slashes too", async () => {
    for (const id of [chatModel, slashedModel, embedder]) assert.equal((await client.models.retrieve(id)).id, id);
    await assert.rejects(client.models.retrieve("no/such-model"), failure => failure instanceof NotFoundError && failure.code === "model_not_found");
  });

  test("embeddings are numbers, whether the client asks for them in base64 (as it does by itself) or not", async () => {
    const input = ["the first text", "a second one", "the first text"];
    const silent = await client.embeddings.create({ model: embedder, input });
    const plain = await client.embeddings.create({ model: embedder, input, encoding_format: "float" });
    assert.equal(silent.object, "list");
    assert.equal(silent.model, embedder);
    assert.deepEqual(silent.data.map(item => item.index), [0, 1, 2]);
    assert.ok(Number.isInteger(silent.usage.prompt_tokens) && Number.isInteger(silent.usage.total_tokens));
    assert.ok(silent.data[0].embedding.length > 100);
    for (const [index, { embedding }] of silent.data.entries())
      assert.deepEqual([...embedding], plain.data[index].embedding.map(Math.fround));
    assert.deepEqual([...silent.data[0].embedding], [...silent.data[2].embedding]);
    assert.notDeepEqual([...silent.data[0].embedding], [...silent.data[1].embedding]);
  });

  test("base64 that the caller decodes itself is text", async () => {
    const { data } = await client.embeddings.create({ model: embedder, input: "one", encoding_format: "base64" });
    assert.equal(typeof data[0].embedding, "string");
    assert.equal(Buffer.from(data[0].embedding, "base64").length % 4, 0);
  });

  test("nothing to embed, tokens of another vocabulary, and a model that cannot embed are the caller's mistakes", async () => {
    await assert.rejects(client.embeddings.create({ model: embedder, input: [] }), BadRequestError);
    await assert.rejects(client.embeddings.create({ model: embedder, input: [[1, 2, 3]] }), BadRequestError);
    await assert.rejects(client.embeddings.create({ model: chatModel, input: "one" }), BadRequestError);
  });

  test("a completion continues a prompt, streamed too", async () => {
    const completion = await client.completions.create({ model: chatModel, prompt: "count to 4", max_tokens: 50 });
    assert.deepEqual([completion.object, completion.choices[0].text, completion.choices[0].finish_reason], ["text_completion", counted(4), "stop"]);
    assert.equal(completion.usage.completion_tokens, 4);
    const chunks = await all(await client.completions.create({ model: chatModel, prompt: "count to 4", stream: true }));
    assert.equal(chunks.map(chunk => chunk.choices[0].text).join(""), counted(4));
    assert.ok(chunks.every(chunk => chunk.id.length > 0 && chunk.object === "text_completion" && chunk.choices.length === 1));
    assert.deepEqual(chunks.map(chunk => chunk.choices[0].finish_reason).filter(reason => reason !== null), ["stop"]);
  });

  test("a completion's usage comes where it was asked for", async () => {
    const chunks = await all(await client.completions.create({ model: chatModel, prompt: "count to 4", stream: true, stream_options: { include_usage: true } }));
    assert.deepEqual(chunks.filter(chunk => chunk.usage).map(chunk => [chunk.choices.length, chunk.usage.completion_tokens]), [[0, 4]]);
  });

  test("a response is whole", async () => {
    const response = await client.responses.create({ model: chatModel, input: "count to 4", instructions: "Be brief." });
    assert.deepEqual([response.object, response.status, response.model, response.output_text], ["response", "completed", chatModel, counted(4)]);
    assert.equal(response.usage.output_tokens, 4);
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + 4);
    assert.ok(response._request_id.length > 0);
  });

  test("a response goes on from an earlier one", async () => {
    const first = await client.responses.create({ model: chatModel, input: "count to 2" });
    const second = await client.responses.create({ model: chatModel, input: "and now?", previous_response_id: first.id });
    assert.equal(second.output_text, "You said: and now?");
    await assert.rejects(client.responses.create({ model: chatModel, input: "x", previous_response_id: "resp_unknown" }), NotFoundError);
  });

  test("a streamed response is numbered events that end in a completed response", async () => {
    const events = await all(await client.responses.create({ model: chatModel, input: "count to 4", stream: true }));
    assert.equal(events[0].type, "response.created");
    assert.equal(events.at(-1).type, "response.completed");
    assert.deepEqual(events.map(event => event.sequence_number), events.map((_, index) => index));
    assert.equal(events.filter(event => event.type === "response.output_text.delta").map(event => event.delta).join(""), counted(4));
    assert.equal(events.at(-1).response.status, "completed");
  });

  test("the response helper puts text and tool calls together", async () => {
    const final = await client.responses.stream({ model: chatModel, input: "count to 4" }).finalResponse();
    assert.equal(final.output_text, counted(4));
    const tool = { type: "function", name: "get_weather", strict: false, parameters: { type: "object", properties: { city: { type: "string" } } } };
    const called = await client.responses.stream({ model: chatModel, input: 'get_weather for "Oslo"', tools: [tool] }).finalResponse();
    const call = called.output.find(item => item.type === "function_call");
    assert.deepEqual([call.name, JSON.parse(call.arguments)], ["get_weather", { city: "Oslo" }]);
  });

  test("a response sees an image", async () => {
    const content = [{ type: "input_text", text: "What is this?" }, { type: "input_image", image_url: onePixelUrl, detail: "auto" }];
    const response = await client.responses.create({ model: visionModel, input: [{ role: "user", content }] });
    assert.equal(response.output_text, `I see 1 image (image/png, ${onePixelBytes} bytes). You said: What is this?`);
  });

  test("routes that the backend does not have are not found", async () => {
    await assert.rejects(client.images.generate({ model: chatModel, prompt: "a cat" }), NotFoundError);
    await assert.rejects(client.get("/no/such/route"), NotFoundError);
  });
});
