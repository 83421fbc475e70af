// The official Ollama client against the stand-in that the gateway's tests use for Ollama: what it accepts, they may rely on.
// The last tests drive the gateway in front of it with the official OpenAI client.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Ollama } from "ollama";
import { onePixel, says } from "./support/models.mjs";
import { all, functionTool, openai } from "./support/openai.mjs";
import { startGatewayBefore, startOllama } from "./support/processes.mjs";

const timeout = 60_000;
let server;
let gateway;
let ollama;

before(async () => {
  server = await startOllama("llama3.2:3b", "llava", "deepseek-r1", "nomic-embed-text");
  gateway = await startGatewayBefore(`ollama@${server.http}`);
  ollama = new Ollama({ host: server.http });
}, { timeout });

after(() => Promise.all([gateway?.stop(), server?.stop()]));

test("the store is listed and shown", { timeout }, async () => {
  const { models } = await ollama.list();
  assert.deepEqual(models.map(model => model.name).sort(), ["deepseek-r1:latest", "llama3.2:3b", "llava:latest", "nomic-embed-text:latest"]);
  const shown = await ollama.show({ model: "llama3.2:3b" });
  assert.ok(shown.capabilities.includes("completion"));
  await assert.rejects(ollama.show({ model: "nope" }), /model 'nope' not found/);
});

test("chat, whole and streamed, with thoughts, tools and images", { timeout }, async () => {
  const whole = await ollama.chat({ model: "llama3.2:3b", messages: says("count to 3") });
  assert.equal(whole.message.content, "1, 2, 3");
  const pieces = await all(await ollama.chat({ model: "deepseek-r1", messages: says("count to 2"), stream: true, think: true }));
  assert.equal(pieces.map(piece => piece.message.content).join(""), "1, 2");
  assert.equal(pieces.map(piece => piece.message.thinking ?? "").join(""), "Let me think.");
  assert.equal(pieces.at(-1).done_reason, "stop");
  const called = await ollama.chat({ model: "llama3.2:3b", messages: says("weather?"), tools: [functionTool("get_weather", { city: { type: "string" } })] });
  assert.deepEqual(called.message.tool_calls[0].function.arguments, { city: "Tokyo" });
  const seen = await ollama.chat({ model: "llava", messages: [{ role: "user", content: "What is it?", images: [onePixel] }] });
  assert.equal(seen.message.content, "I see 1 image.");
});

test("generate loads, runs and unloads", { timeout }, async () => {
  const loaded = await ollama.generate({ model: "llama3.2:3b", prompt: "" });
  assert.equal(loaded.done_reason, "load");
  assert.ok((await ollama.ps()).models.some(model => model.name === "llama3.2:3b"));
  const pieces = await all(await ollama.generate({ model: "llama3.2:3b", prompt: "count to 2", stream: true }));
  assert.equal(pieces.map(piece => piece.response).join(""), "1, 2");
  const unloaded = await ollama.generate({ model: "llama3.2:3b", prompt: "", keep_alive: 0 });
  assert.equal(unloaded.done_reason, "unload");
  assert.ok(!(await ollama.ps()).models.some(model => model.name === "llama3.2:3b"));
});

test("embeddings have one vector for each input", { timeout }, async () => {
  const { embeddings } = await ollama.embed({ model: "nomic-embed-text", input: ["one", "two"] });
  assert.equal(embeddings.length, 2);
});

test("a pull tells of its progress, and the model can be deleted", { timeout }, async () => {
  const steps = await all(await ollama.pull({ model: "hf.co/unsloth/SmolLM3-3B-128K-GGUF", stream: true }));
  assert.equal(steps.at(-1).status, "success");
  assert.ok(steps.some(step => step.total > 0 && step.completed === step.total));
  await ollama.delete({ model: "hf.co/unsloth/SmolLM3-3B-128K-GGUF" });
  await assert.rejects(ollama.delete({ model: "hf.co/unsloth/SmolLM3-3B-128K-GGUF" }), /not found/);
});

test("the gateway answers OpenAI's client with Ollama's models", { timeout }, async () => {
  const client = openai(gateway.http);
  const ids = (await all(client.models.list())).map(model => model.id);
  assert.ok(ids.includes("llama3.2:3b"));
  const chunks = await all(await client.chat.completions.create({ model: "llama3.2:3b", messages: says("count to 3"), stream: true, stream_options: { include_usage: true } }));
  assert.equal(chunks.map(chunk => chunk.choices[0]?.delta?.content ?? "").join(""), "1, 2, 3");
  assert.ok(chunks.at(-1).usage.total_tokens > 0);
  // The newer name of the limit has its effect though Ollama ignores it.
  const cut = await client.chat.completions.create({ model: "llama3.2:3b", messages: says("count to 9"), max_completion_tokens: 2 });
  assert.deepEqual([cut.choices[0].message.content, cut.choices[0].finish_reason], ["1, 2", "length"]);
  const { data } = await client.embeddings.create({ model: "nomic-embed-text", input: "text", encoding_format: "base64" });
  assert.ok(data[0].embedding.length > 0);
});

test("the gateway answers the Responses API for a backend that has none", { timeout }, async () => {
  const mock = await startGatewayBefore("mock");
  try {
    const client = openai(mock.http);
    const whole = await client.responses.create({ model: "any", input: "hello" });
    assert.equal(whole.status, "completed");
    assert.ok(whole.output_text.length > 0);
    const events = await all(await client.responses.create({ model: "any", input: "hello", stream: true }));
    assert.equal(events.at(-1).type, "response.completed");
    assert.equal(events.filter(event => event.type === "response.output_text.delta").map(event => event.delta).join(""), whole.output_text);
    assert.deepEqual(events.map(event => event.sequence_number), events.map((_, index) => index));
  } finally {
    await mock.stop();
  }
});
