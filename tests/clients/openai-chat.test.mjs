// The official OpenAI client chats through the gateway: answers, streams and their helper, schemas, images.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BadRequestError } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { chatModel, counted, onePixelBytes, onePixelUrl, otherModel, says, visionModel } from "./support/models.mjs";
import { all, openai } from "./support/openai.mjs";
import { startPair } from "./support/processes.mjs";

describe("openai: chat", { timeout: 120_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair();
    client = openai(pair.gateway.http);
  });

  after(() => pair.stop());

  const chat = (content, more = {}) => client.chat.completions.create({ model: chatModel, messages: says(content), ...more });
  const text = chunks => chunks.map(chunk => chunk.choices[0]?.delta.content ?? "").join("");

  test("an answer is whole: text, reason, usage, request id", async () => {
    const completion = await chat("count to 5");
    assert.equal(completion.object, "chat.completion");
    assert.equal(completion.model, chatModel);
    assert.ok(completion.id.length > 0);
    assert.ok(Number.isInteger(completion.created));
    assert.ok(completion._request_id.length > 0);
    assert.equal(completion.choices.length, 1);
    const [choice] = completion.choices;
    assert.deepEqual([choice.index, choice.finish_reason, choice.message.role, choice.message.content], [0, "stop", "assistant", counted(5)]);
    const { prompt_tokens: prompt, completion_tokens: answer, total_tokens: total } = completion.usage;
    assert.equal(answer, 5);
    assert.ok(prompt > 0);
    assert.equal(total, prompt + answer);
  });

  test("a conversation with every kind of role and part is understood", async () => {
    const completion = await chat("", {
      messages: [
        { role: "developer", content: "Be brief." },
        { role: "system", content: [{ type: "text", text: "Be kind." }] },
        { role: "user", content: "Hello." },
        { role: "assistant", content: [{ type: "text", text: "Hi!" }] },
        { role: "user", content: [{ type: "text", text: "Now " }, { type: "text", text: "count to 3" }] },
      ],
    });
    assert.equal(completion.choices[0].message.content, counted(3));
  });

  test("parameters that a local model has no use for do no harm", async () => {
    const completion = await chat("count to 2", {
      store: false, metadata: { app: "test" }, service_tier: "auto", parallel_tool_calls: true, user: "u", safety_identifier: "s", seed: 7,
      prompt_cache_key: "p", logit_bias: {}, n: 1, stop: null, tools: undefined, verbosity: "low", temperature: 0.2, top_p: 0.9, presence_penalty: 0,
    });
    assert.equal(completion.choices[0].message.content, counted(2));
  });

  for (const limit of ["max_tokens", "max_completion_tokens"]) {
    test(`${limit} ends an answer with the reason 'length'`, async () => {
      const completion = await chat("count to 50", { [limit]: 3 });
      assert.deepEqual([completion.choices[0].finish_reason, completion.choices[0].message.content], ["length", counted(3)]);
    });
  }

  test("a stop string ends an answer before it", async () => {
    const completion = await chat("count to 9", { stop: [", 4"] });
    assert.deepEqual([completion.choices[0].finish_reason, completion.choices[0].message.content], ["stop", counted(3)]);
  });

  test("a stream is chunks of one answer, without usage that nobody asked for", async () => {
    const chunks = await all(await chat("count to 20", { stream: true }));
    assert.equal(text(chunks), counted(20));
    assert.ok(chunks.length >= 20);
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    assert.equal(new Set(chunks.map(chunk => `${chunk.id} ${chunk.created} ${chunk.model}`)).size, 1);
    for (const chunk of chunks) {
      assert.equal(chunk.object, "chat.completion.chunk");
      assert.equal(chunk.choices.length, 1);
      assert.equal(chunk.usage ?? null, null);
    }
    assert.deepEqual(chunks.map(chunk => chunk.choices[0].finish_reason).filter(reason => reason !== null), ["stop"]);
    assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
  });

  test("usage that was asked for comes once, in a last chunk without choices", async () => {
    const chunks = await all(await chat("count to 20", { stream: true, stream_options: { include_usage: true } }));
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.completion_tokens, 20);
    assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + 20);
    assert.ok(chunks.every(chunk => chunk.choices.length === 1 && (chunk.usage ?? null) === null));
  });

  test("usage that was declined does not come", async () => {
    const chunks = await all(await chat("count to 3", { stream: true, stream_options: { include_usage: false } }));
    assert.ok(chunks.every(chunk => chunk.choices.length === 1 && (chunk.usage ?? null) === null));
  });

  test("the stream helper puts the answer together", async () => {
    const stream = client.chat.completions.stream({ model: chatModel, messages: says("count to 12"), stream_options: { include_usage: true } });
    const deltas = [];
    stream.on("content.delta", ({ delta }) => deltas.push(delta));
    const completion = await stream.finalChatCompletion();
    assert.equal(deltas.join(""), counted(12));
    assert.deepEqual([completion.choices[0].message.content, completion.choices[0].finish_reason], [counted(12), "stop"]);
    assert.equal((await stream.totalUsage()).completion_tokens, 12);
  });

  test("text in many scripts arrives unharmed, streamed or not", async () => {
    const wish = "Größe 日本語 🚀👩‍👩‍👧 \"quoted\" \\ back\tslash";
    assert.equal((await chat(wish)).choices[0].message.content, `You said: ${wish}`);
    assert.equal(text(await all(await chat(wish, { stream: true }))), `You said: ${wish}`);
  });

  test("the raw response of a stream has its type, no cache, and the request id", async () => {
    const { data, response, request_id: id } = await chat("count to 2", { stream: true }).withResponse();
    await all(data);
    assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.equal(response.headers.get("content-length"), null);
    assert.equal(response.headers.get("x-request-id"), id);
  });

  test("JSON mode gives an object", async () => {
    const completion = await chat('Answer "yes" as JSON.', { response_format: { type: "json_object" } });
    const answer = JSON.parse(completion.choices[0].message.content);
    assert.ok(answer !== null && typeof answer === "object" && !Array.isArray(answer));
  });

  const City = z.object({ city: z.string(), inhabitants: z.number().int(), coastal: z.boolean() });

  test("a schema is answered with what the client can parse", async () => {
    const completion = await client.chat.completions.parse({ model: chatModel, messages: says('"Lisbon" has 545796 people.'), response_format: zodResponseFormat(City, "city") });
    assert.deepEqual(completion.choices[0].message.parsed, { city: "Lisbon", inhabitants: 545796, coastal: true });
  });

  test("a schema's answer is parsed from a stream too", async () => {
    const stream = client.chat.completions.stream({ model: chatModel, messages: says('"Porto" has 231800 people.'), response_format: zodResponseFormat(City, "city") });
    const completion = await stream.finalChatCompletion();
    assert.deepEqual(completion.choices[0].message.parsed, { city: "Porto", inhabitants: 231800, coastal: true });
  });

  const sees = url => [{ role: "user", content: [{ type: "text", text: "What is this?" }, { type: "image_url", image_url: { url, detail: "low" } }] }];

  test("an image in a data URL reaches a model that sees", async () => {
    const completion = await chat("", { model: visionModel, messages: sees(onePixelUrl) });
    assert.equal(completion.choices[0].message.content, `I see 1 image (image/png, ${onePixelBytes} bytes). You said: What is this?`);
    const chunks = await all(await chat("", { model: visionModel, messages: sees(onePixelUrl), stream: true }));
    assert.equal(text(chunks), completion.choices[0].message.content);
  });

  test("an image by address, a damaged one, and one for a blind model are the caller's mistakes", async () => {
    const attempt = (model, url, more) => client.chat.completions.create({ model, messages: sees(url), ...more });
    for (const stream of [false, true]) {
      await assert.rejects(attempt(visionModel, "https://example.com/cat.png", { stream }), failure => failure instanceof BadRequestError && failure.code === "invalid_image");
      await assert.rejects(attempt(visionModel, "data:image/png;base64,@@@", { stream }), BadRequestError);
      await assert.rejects(attempt(otherModel, onePixelUrl, { stream }), BadRequestError);
    }
  });
});
