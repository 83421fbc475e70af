// The official MCP client against the service, over HTTP and over standard input and output.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { chatModel, counted, embedder, otherModel } from "./support/models.mjs";
import { program, startPair, startSimulator } from "./support/processes.mjs";

const timeout = 120_000;
const downloadable = "https://huggingface.co/Qwen/Qwen3-4B-GGUF";
const allTools = [
  "init_llm", "get_instructions", "list_models", "server_status", "load_model", "unload_model", "pull_model", "delete_model",
  "chat", "embed", "start_job", "job_status", "job_result", "cancel_job",
];

/** A client that has shaken hands; `close()` ends its transport too. */
async function connect(transport, capabilities = {}) {
  const client = new Client({ name: "lmgateway-tests", version: "1.0.0" }, { capabilities });
  await client.connect(transport);
  return client;
}

/** `lmgateway mcp` as a client's configuration starts it: everything it needs stands in its environment. */
function stdio(folder, env, port = 9) {
  const quiet = { HOME: folder, XDG_CONFIG_HOME: folder, APPDATA: folder, PORT: String(port), LMGATEWAY_LOG__LEVEL: "warn" };
  return new StdioClientTransport({ command: "dotnet", args: [program, "mcp"], cwd: folder, stderr: "ignore", env: { PATH: process.env.PATH, ...quiet, ...env } });
}

/** Calls a tool whose call must succeed. */
async function call(client, name, args = {}, options) {
  const result = await client.callTool({ name, arguments: args }, undefined, options);
  assert.ok(!result.isError, `${name}: ${result.content[0].text}`);
  return result;
}

/** Every tool, once, in an order in which each has what it needs. */
async function callEveryTool(client) {
  const called = new Set();
  const run = (name, args, options) => {
    called.add(name);
    return call(client, name, args, options);
  };
  const ready = await run("init_llm", {});
  assert.deepEqual(ready.structuredContent.success, true);
  assert.deepEqual(JSON.parse(ready.content[0].text), ready.structuredContent);
  assert.ok(Array.isArray((await run("get_instructions", { task: "Explain the installer", intent: "documentation", associated_files: ["docs/install.md"] })).structuredContent.instructions));
  assert.ok((await run("list_models")).structuredContent.models.some(model => model.key === chatModel && model.state === "loaded"));
  assert.equal((await run("server_status")).structuredContent.status, "ok");
  assert.equal((await run("load_model", { model: otherModel })).structuredContent.instance_id, otherModel);
  assert.deepEqual((await run("unload_model", { model: otherModel })).structuredContent.unloaded, [otherModel]);
  assert.equal((await run("pull_model", { model: downloadable })).structuredContent.status, "downloaded");
  assert.equal((await run("chat", { prompt: "count to 3" })).content[0].text, "1, 2, 3");
  assert.equal((await run("embed", { input: ["one", "two"], model: embedder })).structuredContent.embeddings.length, 2);

  const { job_id } = (await run("start_job", { tool: "chat", arguments: { prompt: "count to 4" } })).structuredContent;
  assert.equal((await run("job_status", { job_id, wait_seconds: 20 })).structuredContent.status, "done");
  assert.equal((await run("job_result", { job_id })).content[0].text, "1, 2, 3, 4");
  assert.equal((await run("cancel_job", { job_id })).structuredContent.status, "done");
  const unconfirmed = await client.callTool({ name: "delete_model", arguments: { model: otherModel } });
  assert.ok(unconfirmed.isError);
  assert.equal((await run("delete_model", { model: otherModel, confirm: true })).structuredContent.model, otherModel);
  assert.deepEqual([...called].sort(), [...allTools].sort());
}

/** Progress from the first moment, always rising, and the time limit that starts anew with it. */
async function followProgress(client, simulator) {
  await simulator.change({ timeToFirstTokenMs: 7000 });
  const steps = [];
  const answer = await call(client, "chat", { prompt: "count to 3", model: chatModel }, { onprogress: step => steps.push(step), resetTimeoutOnProgress: true, timeout: 6000 });
  await simulator.change({ timeToFirstTokenMs: 0 });
  assert.equal(answer.content[0].text, "1, 2, 3");
  assert.ok(steps.length > 2);
  for (let index = 1; index < steps.length; index++) assert.ok(steps[index].progress > steps[index - 1].progress);
  assert.ok(steps.some(step => step.message === "Reading the prompt"));
}

/** A call that is given up ends the generation. */
async function cancel(client, simulator) {
  await simulator.change({ tokensPerSecond: 50 });
  const before = await simulator.counters();
  const leaving = new AbortController();
  const calling = client.callTool({ name: "chat", arguments: { prompt: "count to 100000", model: chatModel } }, undefined, { signal: leaving.signal });
  await simulator.generating(before);
  leaving.abort();
  await assert.rejects(calling);
  await simulator.cancelledOnceMore(before);
  await simulator.change({ tokensPerSecond: 0 });
  assert.equal((await call(client, "chat", { prompt: "count to 2", model: chatModel })).content[0].text, counted(2));
}

describe("over HTTP", { timeout }, () => {
  let simulator, gateway, stop, client, models;
  before(async () => {
    models = mkdtempSync(path.join(tmpdir(), "mcp-models-"));
    ({ simulator, gateway, stop } = await startPair({
      modelsDir: models,
      downloadTimeMs: 200,
      settings: { "bring_up.backend": "lmstudio", "bring_up.model": chatModel, "lmstudio.models_dir": models },
    }));
    client = await connect(new StreamableHTTPClientTransport(new URL(`${gateway.http}/mcp`)));
  });
  after(async () => {
    await client?.close();
    await stop?.();
    rmSync(models, { recursive: true, force: true });
  });

  test("it lists the tools and what they do", async () => {
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(tool => tool.name), allTools);
    for (const tool of tools) assert.ok(tool.title && tool.description && tool.outputSchema && tool.annotations, tool.name);
    assert.match(client.getInstructions(), /init_llm/);
  });
  test("every tool answers as its schema says", () => callEveryTool(client));
  test("progress starts the client's time limit anew", () => followProgress(client, simulator));
  test("a call that is given up ends the generation", () => cancel(client, simulator));
  test("resources are read", async () => {
    const { resources } = await client.listResources();
    assert.deepEqual(resources.map(resource => resource.uri), ["lmgateway://models", "lmgateway://status"]);
    const { contents } = await client.readResource({ uri: "lmgateway://status" });
    assert.equal(JSON.parse(contents[0].text).status, "ok");
  });

  test("the program on standard input and output goes through the running service", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "mcp-bridge-"));
    const bridged = await connect(stdio(folder, { BACKEND: "lmstudio", MODEL_NAME: "Qwen/Qwen2-1.5B-Instruct-GGUF" }, new URL(gateway.http).port));
    try {
      assert.equal((await bridged.listTools()).tools.length, allTools.length);
      assert.equal((await call(bridged, "chat", { prompt: "count to 3" })).structuredContent.model, chatModel);
      await followProgress(bridged, simulator);
      await cancel(bridged, simulator);
    } finally {
      await bridged.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("over standard input and output", { timeout }, () => {
  let simulator, client, folder, models;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "mcp-stdio-"));
    models = mkdtempSync(path.join(tmpdir(), "mcp-models-"));
    simulator = await startSimulator({ loadTimeMs: 50, tokensPerSecond: 0, downloadTimeMs: 200, modelsDir: models });
    client = await connect(stdio(folder, { BACKEND: "lmstudio", LMSTUDIO_URL: simulator.http, LMSTUDIO_MODELS_DIR: models, MODEL_NAME: "Qwen/Qwen2-1.5B-Instruct-GGUF" }));
  });
  after(async () => {
    await client?.close();
    await simulator?.stop();
    for (const used of [folder, models]) rmSync(used, { recursive: true, force: true });
  });

  test("every tool answers as its schema says", () => callEveryTool(client));
  test("progress starts the client's time limit anew", () => followProgress(client, simulator));
  test("a call that is given up ends the generation", () => cancel(client, simulator));

  test("the person in front of the client is asked before anything is deleted", async () => {
    const asking = await connect(stdio(folder, { BACKEND: "lmstudio", LMSTUDIO_URL: simulator.http, LMSTUDIO_MODELS_DIR: models }), { elicitation: {} });
    try {
      const asked = [];
      let answer = { action: "decline" };
      asking.setRequestHandler(ElicitRequestSchema, request => {
        asked.push(request.params.message);
        return answer;
      });
      const kept = await asking.callTool({ name: "delete_model", arguments: { model: embedder } });
      assert.ok(kept.isError);
      answer = { action: "accept", content: { confirm: true } };
      assert.equal((await call(asking, "delete_model", { model: embedder })).structuredContent.model, embedder);
      assert.equal(asked.length, 2);
      assert.match(asked[0], new RegExp(embedder));
    } finally {
      await asking.close();
    }
  });
});
