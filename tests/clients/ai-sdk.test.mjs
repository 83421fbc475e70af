// Vercel's AI SDK with its provider for OpenAI-compatible servers, which is strict about what it reads.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embed, embedMany, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { chatModel, counted, embedder, onePixelBytes, onePixelUrl, visionModel } from "./support/models.mjs";
import { all } from "./support/openai.mjs";
import { startPair } from "./support/processes.mjs";

const City = z.object({ city: z.string(), inhabitants: z.number() });

describe("AI SDK", { timeout: 120_000 }, () => {
  let pair, provider;

  before(async () => {
    pair = await startPair();
    provider = createOpenAICompatible({ name: "lmgateway", baseURL: `${pair.gateway.http}/v1`, includeUsage: true, supportsStructuredOutputs: true });
  });

  after(() => pair.stop());

  const asking = (prompt, more = {}) => ({ model: provider(chatModel), prompt, maxRetries: 0, ...more });

  /** A stream whose failures come as results and are not printed. */
  const quietly = options => streamText({ ...options, onError() {} });

  test("generateText gives text, reason and usage", async () => {
    const { text, finishReason, usage, response } = await generateText(asking("count to 5"));
    assert.deepEqual([text, finishReason, usage.outputTokens], [counted(5), "stop", 5]);
    assert.ok(usage.inputTokens > 0);
    assert.equal(response.modelId, chatModel);
  });

  test("streamText gives the same, piece by piece", async () => {
    const result = streamText(asking("count to 12"));
    assert.equal((await all(result.textStream)).join(""), counted(12));
    assert.deepEqual([await result.finishReason, (await result.usage).outputTokens], ["stop", 12]);
  });

  test("streamText without usage works as well", async () => {
    const plain = createOpenAICompatible({ name: "lmgateway", baseURL: `${pair.gateway.http}/v1` });
    const result = streamText(asking("count to 4", { model: plain(chatModel) }));
    assert.equal(await result.text, counted(4));
  });

  test("a limit is told as 'length'", async () => {
    assert.equal((await generateText(asking("count to 50", { maxOutputTokens: 3 }))).finishReason, "length");
  });

  const tools = {
    get_weather: tool({ description: "The weather.", inputSchema: z.object({ city: z.string() }), execute: ({ city }) => `rain in ${city}` }),
    ping: tool({ description: "Pings.", inputSchema: z.object({}), execute: () => "pong" }),
  };

  test("a tool is called and its result answered in the next step, whole and streamed", async () => {
    const request = asking('get_weather for "Oslo"', { tools, stopWhen: stepCountIs(3) });
    const whole = await generateText(request);
    const streamed = streamText(request);
    await streamed.consumeStream();
    for (const steps of [whole.steps, await streamed.steps]) {
      assert.deepEqual(steps.map(step => step.finishReason), ["tool-calls", "stop"]);
      assert.deepEqual(steps[0].toolCalls.map(call => [call.toolName, call.input]), [["get_weather", { city: "Oslo" }]]);
      assert.equal(steps[1].text, "The tool answered: rain in Oslo");
    }
  });

  test("several tools in one answer, and one without parameters, are told apart", async () => {
    const request = asking('ping, and get_weather for "Rome"', { tools });
    const whole = await generateText(request);
    const streamed = streamText(request);
    await streamed.consumeStream();
    for (const calls of [whole.toolCalls, await streamed.toolCalls])
      assert.deepEqual(calls.map(call => [call.toolName, call.input]), [["get_weather", { city: "Rome" }], ["ping", {}]]);
  });

  test("an object that fits a schema is generated, whole and streamed", async () => {
    const request = asking('"Lisbon" has 545796 people.', { schema: City });
    assert.deepEqual((await generateObject(request)).object, { city: "Lisbon", inhabitants: 545796 });
    const streamed = streamObject(request);
    assert.deepEqual((await all(streamed.partialObjectStream)).at(-1), { city: "Lisbon", inhabitants: 545796 });
    assert.deepEqual(await streamed.object, { city: "Lisbon", inhabitants: 545796 });
  });

  test("without structured outputs the provider asks for JSON mode, which works", async () => {
    const plain = createOpenAICompatible({ name: "lmgateway", baseURL: `${pair.gateway.http}/v1` });
    const { object } = await generateObject(asking("Say yes.", { model: plain(chatModel), output: "no-schema" }));
    assert.equal(typeof object, "object");
  });

  test("an image reaches a model that sees", async () => {
    const messages = [{ role: "user", content: [{ type: "text", text: "What is this?" }, { type: "image", image: onePixelUrl }] }];
    const { text } = await generateText({ model: provider(visionModel), messages, maxRetries: 0 });
    assert.equal(text, `I see 1 image (image/png, ${onePixelBytes} bytes). You said: What is this?`);
  });

  test("a completion model continues a prompt", async () => {
    const { text } = await generateText({ model: provider.completionModel(chatModel), prompt: "count to 3", maxRetries: 0 });
    assert.ok(text.length > 0);
  });

  test("texts are embedded", async () => {
    const model = provider.embeddingModel(embedder);
    const { embedding } = await embed({ model, value: "one", maxRetries: 0 });
    const { embeddings } = await embedMany({ model, values: ["one", "two"], maxRetries: 0 });
    assert.ok(embedding.length > 100);
    assert.deepEqual(embeddings[0], embedding);
    assert.notDeepEqual(embeddings[1], embedding);
  });

  test("errors keep their status and their words", async () => {
    const failure = await generateText(asking("x", { model: provider("no-such-model") })).then(() => assert.fail("it did not fail"), error => error);
    assert.ok(APICallError.isInstance(failure));
    assert.equal(failure.statusCode, 404);
    assert.match(failure.message, /no-such-model/);
    assert.equal(failure.isRetryable, false);
  });

  for (const kind of ["error-event", "reset-after-tokens", "malformed-event"]) {
    test(`${kind} inside a stream is an error, not an end`, async () => {
      await pair.simulator.failing({ kind, scope: "/v1/chat", tokens: 3, message: "Compute error." }, async () => {
        const parts = await all(quietly(asking("count to 9")).fullStream);
        assert.ok(parts.some(part => part.type === "error"));
        assert.equal(parts.filter(part => part.type === "text-delta").map(part => part.text).join(""), "1, 2, 3");
        assert.ok(!parts.some(part => part.type === "finish" && part.finishReason === "stop"));
      });
      await pair.simulator.idle();
    });
  }

  test("an aborted stream ends at the backend", async () => {
    await pair.simulator.change({ tokensPerSecond: 50 });
    try {
      const earlier = await pair.simulator.counters();
      const leaving = new AbortController();
      const result = quietly(asking("count to 1000", { abortSignal: leaving.signal }));
      for await (const part of result.fullStream) if (part.type === "text-delta") leaving.abort();
      await pair.simulator.cancelledOnceMore(earlier);
    } finally {
      await pair.simulator.change({ tokensPerSecond: 0 });
    }
  });
});
