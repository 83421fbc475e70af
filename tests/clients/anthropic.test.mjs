// Anthropic's official client through the gateway: messages, streams, tools, counting, errors.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Anthropic, { APIError, APIUserAbortError, AuthenticationError, BadRequestError, InternalServerError, NotFoundError } from "@anthropic-ai/sdk";
import { chatModel, counted, onePixel, onePixelBytes, says, visionModel } from "./support/models.mjs";
import { all } from "./support/openai.mjs";
import { startPair } from "./support/processes.mjs";

const weather = { name: "get_weather", description: "The weather.", input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } };
const clock = { name: "get_time", input_schema: { type: "object", properties: { hours: { type: "integer" } } } };
const anthropic = (address, options = {}) => new Anthropic({ baseURL: address, apiKey: "none", authToken: null, maxRetries: 0, ...options });

describe("anthropic", { timeout: 120_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair({ settings: { "timeouts.request": 1500, "timeouts.stream_idle": 1500 } });
    client = anthropic(pair.gateway.http);
  });

  after(() => pair.stop());

  const request = (content, more = {}) => ({ model: chatModel, max_tokens: 200, messages: says(content), ...more });
  const create = (content, more, options) => client.messages.create(request(content, more), options);

  test("a message is whole", async () => {
    const message = await create("count to 5", { system: "Be brief." });
    assert.deepEqual([message.type, message.role, message.model, message.stop_reason, message.stop_sequence], ["message", "assistant", chatModel, "end_turn", null]);
    assert.deepEqual(message.content.map(block => [block.type, block.text]), [["text", counted(5)]]);
    assert.equal(message.usage.output_tokens, 5);
    assert.ok(message.usage.input_tokens > 0);
    assert.ok(message._request_id.length > 0);
  });

  test("what agents send beside the text is taken: blocks, cache hints, thinking in the history, betas", async () => {
    const message = await client.beta.messages.create({
      model: chatModel,
      max_tokens: 100,
      betas: ["context-management-2025-06-27"],
      metadata: { user_id: "u" },
      system: [{ type: "text", text: "Be kind.", cache_control: { type: "ephemeral" } }],
      messages: [
        { role: "user", content: [{ type: "text", text: "Hello.", cache_control: { type: "ephemeral" } }] },
        { role: "assistant", content: [{ type: "thinking", thinking: "Hm.", signature: "s" }, { type: "text", text: "Hi." }] },
        { role: "user", content: [{ type: "text", text: "count to 3" }] },
      ],
    });
    assert.equal(message.content[0].text, counted(3));
  });

  test("the limit and the stop sequence are told as what they are", async () => {
    assert.equal((await create("count to 50", { max_tokens: 3 })).stop_reason, "max_tokens");
    const stopped = await create("count to 9", { stop_sequences: [", 4"] });
    assert.deepEqual([stopped.stop_reason, stopped.stop_sequence, stopped.content[0].text], ["stop_sequence", ", 4", counted(3)]);
  });

  test("a stream is the protocol's events in their order", async () => {
    const events = await all(await create("count to 3", { stream: true }));
    const kinds = events.map(event => event.type);
    assert.deepEqual([kinds[0], kinds[1]], ["message_start", "content_block_start"]);
    assert.deepEqual(kinds.slice(-3), ["content_block_stop", "message_delta", "message_stop"]);
    assert.ok(Number.isInteger(events[0].message.usage.input_tokens));
    assert.equal(events.at(-2).usage.output_tokens, 3);
    assert.equal(events.filter(event => event.type === "content_block_delta").map(event => event.delta.text).join(""), counted(3));
  });

  test("the stream helper puts the message together", async () => {
    const texts = [];
    const message = await client.messages.stream(request("count to 8")).on("text", text => texts.push(text)).finalMessage();
    assert.deepEqual([texts.join(""), message.content[0].text, message.stop_reason], [counted(8), counted(8), "end_turn"]);
    assert.equal(message.usage.output_tokens, 8);
  });

  test("tools are called, whole and streamed, and their results answered", async () => {
    const wish = 'get_weather for "Oslo" and get_time in 2 hours';
    const tools = [weather, clock];
    const message = await create(wish, { tools });
    const calls = message.content.filter(block => block.type === "tool_use");
    assert.equal(message.stop_reason, "tool_use");
    assert.deepEqual(calls.map(call => [call.name, call.input]), [["get_weather", { city: "Oslo" }], ["get_time", { hours: 2 }]]);
    assert.equal(new Set(calls.map(call => call.id)).size, 2);
    const streamed = await client.messages.stream(request(wish, { tools })).finalMessage();
    assert.deepEqual(streamed.content.map(call => [call.type, call.name, call.input]), calls.map(call => ["tool_use", call.name, call.input]));
    const results = calls.map(call => ({ type: "tool_result", tool_use_id: call.id, content: [{ type: "text", text: "fine" }] }));
    const answer = await create("", { tools, messages: [...says(wish), { role: "assistant", content: message.content }, { role: "user", content: results }] });
    assert.equal(answer.content[0].text, "The tool answered: fine");
  });

  test("tool_choice decides: none, any, and one by name", async () => {
    const choose = async (content, tool_choice) => (await create(content, { tools: [weather, clock], tool_choice })).content.filter(block => block.type === "tool_use").map(block => block.name);
    assert.deepEqual(await choose("get_weather", { type: "none" }), []);
    assert.equal((await choose("anything", { type: "any" })).length, 1);
    const named = await create("anything", { tools: [clock], tool_choice: { type: "tool", name: "get_time" } });
    assert.deepEqual(named.content.filter(block => block.type === "tool_use").map(block => block.name), ["get_time"]);
  });

  test("an image reaches a model that sees", async () => {
    const content = [{ type: "image", source: { type: "base64", media_type: "image/png", data: onePixel } }, { type: "text", text: "What is this?" }];
    const message = await create(content, { model: visionModel });
    assert.equal(message.content[0].text, `I see 1 image (image/png, ${onePixelBytes} bytes). You said: What is this?`);
  });

  test("tokens are counted", async () => {
    const short = await client.messages.countTokens({ model: chatModel, messages: says("hello") });
    const long = await client.messages.countTokens({ model: chatModel, messages: says("hello ".repeat(200)), system: "Be brief.", tools: [weather] });
    assert.ok(Number.isInteger(short.input_tokens) && short.input_tokens > 0);
    assert.ok(long.input_tokens > short.input_tokens);
    assert.ok((await client.beta.messages.countTokens({ model: chatModel, messages: says("hello") })).input_tokens > 0);
  });

  /** The failure of a call, which must be in Anthropic's form and tell its request's id. */
  async function failureOf(call) {
    const failure = await call.then(() => assert.fail("it did not fail"), error => error);
    assert.ok(failure instanceof APIError, String(failure));
    assert.equal(failure.error.type, "error");
    assert.equal(typeof failure.error.error.message, "string");
    assert.ok(failure.requestID.length > 0);
    assert.equal(failure.error.request_id, failure.requestID);
    return failure;
  }

  for (const stream of [false, true]) {
    const way = stream ? "streamed" : "whole";

    test(`errors have their classes and types (${way})`, async () => {
      const unknown = await failureOf(create("x", { model: "no-such-model", stream }));
      assert.ok(unknown instanceof NotFoundError);
      assert.deepEqual([unknown.status, unknown.error.error.type], [404, "not_found_error"]);
      for (const wrong of [{ messages: [] }, { messages: undefined }, { model: undefined }]) {
        const failure = await failureOf(create("x", { ...wrong, stream }));
        assert.ok(failure instanceof BadRequestError, `${JSON.stringify(wrong)}: ${failure}`);
        assert.equal(failure.error.error.type, "invalid_request_error");
      }
    });

    test(`a prompt that does not fit says so in the words that agents look for (${way})`, async () => {
      const failure = await failureOf(create("word ".repeat(6000), { stream }));
      assert.ok(failure instanceof BadRequestError);
      assert.match(failure.message, /prompt is too long/);
    });

    test(`a backend that drops the connection is an api_error (${way})`, async () => {
      const failure = await pair.simulator.failing({ kind: "reset-before-headers", scope: "/v1/messages" }, () => failureOf(create("x", { stream })));
      assert.ok(failure instanceof InternalServerError);
      assert.deepEqual([failure.status, failure.error.error.type], [502, "api_error"]);
    });

    test(`a backend's own failure is an api_error (${way})`, async () => {
      const fault = { kind: "error-status", scope: "/v1/messages", status: 500, body: { error: "The model has crashed." } };
      const failure = await pair.simulator.failing(fault, () => failureOf(create("x", { stream })));
      assert.deepEqual([failure.status, failure.error.error.type], [500, "api_error"]);
    });
  }

  for (const [kind, wording = /./] of [["error-event", /Compute error/], ["reset-after-tokens"], ["malformed-event"], ["stall", /time/i]]) {
    test(`${kind} inside a stream raises an APIError`, async () => {
      await pair.simulator.failing({ kind, scope: "/v1/messages", tokens: 3, message: "Compute error." }, async () => {
        const seen = [];
        const failure = await (async () => { for await (const event of await create("count to 9", { stream: true })) seen.push(event); })()
          .then(() => assert.fail("the stream ended as if it were whole"), error => error);
        assert.ok(failure instanceof APIError, String(failure));
        assert.match(failure.message, wording);
        assert.ok(seen.every(event => event.type !== "message_stop"));
        await assert.rejects(client.messages.stream(request("count to 9")).finalMessage());
      });
      await pair.simulator.idle();
    });
  }

  test("an aborted stream ends at the backend", async () => {
    await pair.simulator.change({ tokensPerSecond: 50 });
    try {
      const earlier = await pair.simulator.counters();
      const stream = client.messages.stream(request("count to 1000", { max_tokens: 1000 }));
      stream.once("text", () => stream.abort());
      await assert.rejects(stream.done(), APIUserAbortError);
      await pair.simulator.cancelledOnceMore(earlier);
    } finally {
      await pair.simulator.change({ tokensPerSecond: 0 });
    }
  });
});

describe("anthropic: keys", { timeout: 120_000 }, () => {
  const key = "a-key-of-the-tests";
  let pair;

  before(async () => {
    pair = await startPair({ settings: { "security.api_key": key } });
  });

  after(() => pair.stop());

  test("the key is taken as x-api-key and as a bearer token, and a wrong one is refused", async () => {
    for (const options of [{ apiKey: key }, { apiKey: null, authToken: key }]) {
      const message = await anthropic(pair.gateway.http, options).messages.create({ model: chatModel, max_tokens: 50, messages: says("count to 3") });
      assert.equal(message.content[0].text, counted(3));
    }
    for (const options of [{ apiKey: "not-the-key" }, { apiKey: null, authToken: "not-the-key" }]) {
      const failure = await anthropic(pair.gateway.http, options).messages.create({ model: chatModel, max_tokens: 50, messages: says("x") }).then(() => assert.fail("it did not fail"), error => error);
      assert.ok(failure instanceof AuthenticationError);
      assert.equal(failure.error.error.type, "authentication_error");
      assert.ok(failure.requestID.length > 0);
    }
    assert.ok(!JSON.stringify(await pair.simulator.requests()).includes(key));
  });
});
