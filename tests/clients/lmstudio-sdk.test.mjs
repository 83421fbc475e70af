// The vendor's own client against the simulator: what it gives back must be whole and right, and neither side may warn of the other's frames.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { Chat, LMStudioClient, tool } from "@lmstudio/sdk";
import { z } from "zod";
import { startSimulator } from "./support/processes.mjs";

const llm = "qwen/qwen3-4b-2507";
const visionLlm = "qwen3-vl-4b-instruct";
const embedding = "text-embedding-nomic-embed-text-v1.5";
const apiToken = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST";
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";
const timeout = 60_000;

/** A client whose log must stay free of warnings and errors. */
function connect(simulator, options = {}) {
  const complaints = [];
  const complain = (...parts) => complaints.push(parts.join(" "));
  const logger = { debug() {}, info() {}, warn: complain, error: complain };
  return { client: new LMStudioClient({ baseUrl: simulator.ws, logger, ...options }), complaints };
}

/** Is an error's text, without colours, as it must be. */
const saying = pattern => error => {
  assert.match(stripVTControlCharacters(error.message).trim(), pattern);
  return true;
};

/** What the simulator has counted. */
async function counters(simulator) {
  return (await (await fetch(`${simulator.http}/simulator/status`)).json()).counters;
}

/** The client leaves a second rejection of an aborted download unhandled, which the test runner would take for a failure. */
async function forgivingUnhandledRejections(work) {
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", () => {});
  try {
    await work();
    await pause(0);
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
}

describe("@lmstudio/sdk against the simulator", { timeout }, () => {
  let simulator, client, complaints;

  before(async () => {
    simulator = await startSimulator({ loadTimeMs: 100, downloadTimeMs: 200, tokensPerSecond: 200 });
    ({ client, complaints } = connect(simulator));
  });

  after(async () => {
    await client[Symbol.asyncDispose]?.();
    await simulator.stop();
    assert.deepEqual(complaints, []);
  });

  afterEach(async () => {
    for (const model of [...(await client.llm.listLoaded()), ...(await client.embedding.listLoaded())]) await model.unload();
  });

  test("tells its version", async () => {
    assert.deepEqual(await client.system.getLMStudioVersion(), { version: "0.4.21", build: 2 });
  });

  test("lists what is downloaded with every field", async () => {
    const models = await client.system.listDownloadedModels();
    assert.deepEqual(models.map(model => model.modelKey).sort(), ["granite-3.0-2b-instruct", llm, "qwen2-1.5b-instruct", visionLlm, embedding].sort());
    assert.deepEqual(models.find(model => model.modelKey === llm), {
      type: "llm",
      modelKey: llm,
      format: "gguf",
      displayName: "Qwen3 4B 2507",
      publisher: "qwen",
      path: llm,
      sizeBytes: 2497281120,
      indexedModelIdentifier: llm,
      deviceIdentifier: null,
      paramsString: "4B",
      architecture: "qwen3",
      quantization: { name: "Q4_K_M", bits: 4 },
      variants: [`${llm}@q4_k_m`],
      selectedVariant: `${llm}@q4_k_m`,
      vision: false,
      trainedForToolUse: true,
      maxContextLength: 262144,
    });
    assert.equal(models.find(model => model.modelKey === visionLlm).vision, true);
    assert.deepEqual((await client.system.listDownloadedModels("embedding")).map(model => model.modelKey), [embedding]);
  });

  test("loads with a configuration, reports progress, and reads the configuration back", async () => {
    const progress = [];
    const model = await client.llm.load(llm, {
      identifier: "configured",
      ttl: 600,
      verbose: false,
      onProgress: value => progress.push(value),
      config: {
        contextLength: 8192,
        gpu: { ratio: 0.5, mainGpu: 0, splitStrategy: "favorMainGpu", disabledGpus: [1] },
        evalBatchSize: 256,
        flashAttention: true,
        keepModelInMemory: false,
        tryMmap: false,
        seed: 42,
        ropeFrequencyBase: 10000,
        llamaKCacheQuantizationType: "q8_0",
        maxParallelPredictions: 2,
      },
    });
    assert.ok(progress.length >= 5, `${progress.length} progress reports`);
    assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
    assert.equal(progress.at(-1), 1);
    assert.equal(model.identifier, "configured");
    const info = await model.getModelInfo();
    assert.deepEqual(
      [info.modelKey, info.identifier, info.ttlMs, info.lastUsedTime, info.contextLength],
      [llm, "configured", 600_000, null, 8192]);
    assert.equal(await model.getContextLength(), 8192);
    const config = await model.getLoadConfig();
    assert.deepEqual(
      [config.contextLength, config.gpu.ratio, config.evalBatchSize, config.flashAttention, config.keepModelInMemory, config.tryMmap, config.seed],
      [8192, 0.5, 256, true, false, false, 42]);
    assert.deepEqual([config.ropeFrequencyBase, config.llamaKCacheQuantizationType, config.maxParallelPredictions], [10000, "q8_0", 2]);
    await model.unload();
    assert.deepEqual(await client.llm.listLoaded(), []);
  });

  test("names further copies of a model by number and refuses a taken identifier", async () => {
    const first = await client.llm.load(llm, { verbose: false });
    const second = await client.llm.load(llm, { verbose: false });
    assert.deepEqual([first.identifier, second.identifier], [llm, `${llm}:2`]);
    assert.deepEqual((await client.llm.listLoaded()).map(model => model.identifier), [llm, `${llm}:2`]);
    await assert.rejects(client.llm.load(llm, { identifier: llm, verbose: false }), saying(/^Model load error: A model with the identifier ".+" already exists\.$/));
  });

  test("refuses an unknown key and a model of the other domain with typed errors", async () => {
    await assert.rejects(client.llm.load("missing", { verbose: false }), saying(/^Cannot find a model with path "missing"\n\nHere are your available models:\n\n • granite/));
    await assert.rejects(client.llm.load(embedding, { verbose: false }), saying(/Expecting nomic-ai\/\S+\.gguf to be an LLM, but it is actually an embedding model\./));
    await assert.rejects(client.llm.unload("nobody"), saying(/^Cannot find a model with identifier "nobody"\n\nHere are your loaded models:/));
    await assert.rejects(client.llm.model(), saying(/No loaded model satisfies all requirements.*The model must be an LLM/s));
  });

  test("a load can be cancelled", async () => {
    const slow = await startSimulator({ loadTimeMs: 10_000 });
    try {
      const { client: other } = connect(slow);
      const abort = new AbortController();
      const loading = other.llm.load(llm, { verbose: false, signal: abort.signal, onProgress: () => abort.abort() });
      await assert.rejects(loading, { name: "AbortError" });
      while ((await counters(slow)).loadsCancelled !== 1) await pause(10);
      assert.deepEqual(await other.llm.listLoaded(), []);
    } finally {
      await slow.stop();
    }
  });

  test("gets a model or loads it", async () => {
    const progress = [];
    const loaded = await client.llm.model(llm, { verbose: false, ttl: 60, onProgress: value => progress.push(value) });
    assert.equal(progress.at(-1), 1);
    assert.equal((await loaded.getModelInfo()).ttlMs, 60_000);
    const again = await client.llm.model(llm, { verbose: false, onProgress: () => assert.fail("it is loaded already") });
    assert.equal(again.identifier, loaded.identifier);
    assert.equal((await client.llm.listLoaded()).length, 1);
  });

  test("streams a prediction with progress, figures and the configuration that it used", async () => {
    const model = await client.llm.load(llm, { verbose: false });
    const details = [];
    const prediction = model.respond("count to 5", { maxTokens: 50, temperature: 0, onPromptProcessingProgress: (_, detail) => details.push(detail) });
    const fragments = [];
    for await (const fragment of prediction) fragments.push(fragment);
    const result = await prediction.result();
    assert.equal(result.content, "1, 2, 3, 4, 5");
    assert.deepEqual(fragments.map(fragment => fragment.content), ["1", ", 2", ", 3", ", 4", ", 5"]);
    assert.deepEqual({ ...fragments[0], content: "" }, { content: "", tokensCount: 1, containsDrafted: false, reasoningType: "none", isStructural: false });
    assert.equal(result.stats.stopReason, "eosFound");
    assert.equal(result.stats.predictedTokensCount, 5);
    assert.equal(result.stats.totalTokensCount, result.stats.promptTokensCount + 5);
    assert.ok(result.stats.tokensPerSecond > 0 && result.stats.totalTimeSec >= result.stats.timeToFirstTokenSec);
    assert.equal(result.modelInfo.identifier, model.identifier);
    assert.equal(typeof result.modelInfo.lastUsedTime, "number");
    assert.ok(result.predictionConfig.fields.some(field => field.key === "llm.prediction.temperature" && field.value === 0));
    assert.deepEqual(details.at(-1), {
      cachedTokenCount: 0,
      totalPromptTokenCount: result.stats.promptTokensCount,
      processedPromptTokenCount: result.stats.promptTokensCount,
      unprocessedPromptTokenCount: 0,
    });
  });

  test("keeps to token limits, stop strings and a schema", async () => {
    const model = await client.llm.load(llm, { verbose: false });
    const limited = await model.respond("count to 100", { maxTokens: 3 });
    assert.deepEqual([limited.content, limited.stats.stopReason], ["1, 2, 3", "maxPredictedTokensReached"]);
    const stopped = await model.respond("count to 100", { stopStrings: [", 4"] });
    assert.deepEqual([stopped.content, stopped.stats.stopReason, stopped.stats.stopString], ["1, 2, 3", "stopStringFound", ", 4"]);
    const structured = await model.respond("a person", { structured: z.object({ name: z.string(), age: z.number() }) });
    assert.deepEqual(Object.keys(structured.parsed).sort(), ["age", "name"]);
    const raw = await model.complete("count to 2");
    assert.equal(raw.content, "1, 2");
  });

  test("parts thoughts from the answer", async () => {
    const model = await client.llm.load(llm, { verbose: false });
    const result = await model.respond("hello", { enableThinking: true });
    assert.notEqual(result.reasoningContent, "");
    assert.equal(result.nonReasoningContent, "You said: hello");
    assert.equal(result.content, `<think>${result.reasoningContent}</think>You said: hello`);
  });

  test("a prediction that is cancelled ends as a success that says so", async () => {
    const model = await client.llm.load(llm, { verbose: false });
    const prediction = model.respond("count to 100000");
    let seen = 0;
    for await (const _ of prediction) if (++seen === 3) await prediction.cancel();
    const result = await prediction.result();
    assert.equal(result.stats.stopReason, "userStopped");
    assert.ok(result.content.startsWith("1, 2, 3"));
  });

  test("a model that is unloaded during a prediction ends it", async () => {
    const model = await client.llm.load(llm, { verbose: false });
    const prediction = model.respond("count to 100000", { onFirstToken: () => client.llm.unload(model.identifier) });
    assert.equal((await prediction.result()).stats.stopReason, "modelUnloaded");
    await assert.rejects(model.respond("hello").result(), saying(/^This model has already been unloaded\.$/));
  });

  test("shows images to the model", async () => {
    const model = await client.llm.load(visionLlm, { verbose: false });
    const image = await client.files.prepareImageBase64("pixel.png", onePixel);
    assert.deepEqual([image.name, image.type, image.sizeBytes], ["pixel.png", "image", Buffer.from(onePixel, "base64").length]);
    const result = await model.respond([{ role: "user", content: "what is this?", images: [image] }]);
    assert.equal(result.content, `I see 1 image (image/png, ${image.sizeBytes} bytes). You said: what is this?`);
  });

  test("calls tools and goes on with their results", async () => {
    const model = await client.llm.load(llm, { verbose: false });
    const calls = [];
    const add = tool({
      name: "add",
      description: "Adds two numbers",
      parameters: { a: z.number(), b: z.number() },
      implementation: input => { calls.push(input); return input.a + input.b; },
    });
    const chat = Chat.from([{ role: "user", content: "please add 2 and 3" }]);
    const messages = [];
    const result = await model.act(chat, [add], { onMessage: message => messages.push(message) });
    assert.equal(calls.length, 1);
    assert.deepEqual(Object.keys(calls[0]).sort(), ["a", "b"]);
    assert.equal(result.rounds, 2);
    assert.deepEqual(messages.map(message => message.getRole()), ["assistant", "tool", "assistant"]);
    assert.equal(messages[0].getToolCallRequests()[0].name, "add");
    assert.equal(messages[2].getText(), `The tool answered: ${JSON.stringify(calls[0].a + calls[0].b)}`);
  });

  test("embeds, tokenizes, counts and shows the prompt", async () => {
    const embedder = await client.embedding.load(embedding, { verbose: false });
    const { embedding: one } = await embedder.embed("a cat");
    const many = await embedder.embed(["a cat", "a dog"]);
    assert.equal(one.length, 768);
    assert.deepEqual(many[0].embedding, one);
    assert.notDeepEqual(many[1].embedding, one);
    assert.equal(await embedder.countTokens("a cat"), (await embedder.tokenize("a cat")).length);
    const model = await client.llm.load(llm, { verbose: false });
    const tokens = await model.tokenize("hello world");
    assert.equal(tokens.length, 2);
    assert.equal(await model.countTokens("hello world"), 2);
    assert.equal(await model.applyPromptTemplate([{ role: "user", content: "x" }]), "<|user|>x");
  });

  test("estimates what a load would take", async () => {
    const usage = await client.llm.estimateResourcesUsage(llm, { contextLength: 4096, gpu: { ratio: 0.5 } });
    assert.deepEqual(usage, {
      memory: {
        confidence: "high",
        modelVramBytes: 1248640560,
        contextVramBytes: 50000000,
        totalVramBytes: 1298640560,
        modelBytes: 2497281120,
        contextBytes: 100000000,
        totalBytes: 2597281120,
      },
      passesGuardrails: true,
    });
  });

  test("searches, downloads with progress, and loads what it downloaded", async () => {
    const results = await client.repository.searchModels({ searchTerm: "llama-3.2-1b", limit: 5 });
    assert.deepEqual(results.map(result => result.name), ["lmstudio-community/Llama-3.2-1B-Instruct-GGUF"]);
    const options = await results[0].getDownloadOptions();
    assert.deepEqual(options.map(option => option.quantization), ["Q4_K_M", "Q8_0"]);
    assert.ok(options[0].isRecommended());
    const updates = [];
    let finalizing = false;
    const key = await options[0].download({ onProgress: update => updates.push(update), onStartFinalizing: () => { finalizing = true; } });
    assert.equal(key, "llama-3.2-1b-instruct");
    assert.ok(finalizing);
    assert.ok(updates.length >= 2);
    assert.equal(updates.at(-1).downloadedBytes, updates.at(-1).totalBytes);
    assert.equal(updates.at(-1).totalBytes, options[0].sizeBytes);
    assert.ok(updates.at(-1).speedBytesPerSecond > 0);
    assert.ok((await client.system.listDownloadedModels()).some(model => model.modelKey === key));
    const model = await client.llm.load(key, { verbose: false });
    assert.equal(model.identifier, key);
  });

  test("a download that is cancelled leaves nothing", async () => {
    const slow = await startSimulator({ downloadTimeMs: 60_000 });
    try {
      const { client: other } = connect(slow);
      const [result] = await other.repository.searchModels({ searchTerm: "Meta-Llama-3-8B" });
      const [option] = await result.getDownloadOptions();
      const abort = new AbortController();
      const download = () => option.download({ signal: abort.signal, onProgress: () => abort.abort() });
      await forgivingUnhandledRejections(() => assert.rejects(download(), { name: "AbortError" }));
      assert.ok(!(await other.system.listDownloadedModels()).some(model => /llama-3-8b/.test(model.modelKey)));
    } finally {
      await slow.stop();
    }
  });

  test("reports what it logs", async () => {
    const model = await client.llm.load(llm, { verbose: false });
    const seen = new Promise(resolve => {
      const stop = client.diagnostics.unstable_streamLogs(event => {
        if (event.data.type === "server.log") return;
        stop();
        resolve(event.data);
      });
    });
    // The stream has no beginning that the client can see, so it asks until it hears itself.
    const ended = Symbol("not yet");
    let event = ended;
    while (event === ended) {
      await model.respond("hello");
      event = await Promise.race([seen, pause(20, ended)]);
    }
    assert.deepEqual(event, { type: "llm.prediction.input", input: "<|user|>hello", modelPath: llm, modelIdentifier: llm });
  });
});

describe("@lmstudio/sdk with an API token", { timeout }, () => {
  let simulator;

  before(async () => {
    simulator = await startSimulator({ apiToken });
  });

  after(() => simulator.stop());

  test("the right token is let in", async () => {
    const { client, complaints } = connect(simulator, { apiToken });
    assert.equal((await client.system.getLMStudioVersion()).version, "0.4.21");
    assert.deepEqual(complaints, []);
  });

  test("no token and a wrong one are refused", async () => {
    for (const options of [{}, { apiToken: "sk-lm-abcdefgh:00000000000000000000" }]) {
      const { client } = connect(simulator, options);
      await assert.rejects(client.system.getLMStudioVersion(), saying(/Invalid API token/));
    }
  });
});
