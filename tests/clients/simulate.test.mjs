// The simulator as a program: how it starts, how it ends, and its stand-in for `lms`.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { run, startSimulator } from "./support/processes.mjs";

const timeout = 60_000;

test("it greets and lists the models that it was given", { timeout }, async () => {
  const simulator = await startSimulator({ model: ["acme/one", "acme/two"] });
  try {
    assert.deepEqual(await (await fetch(`${simulator.http}/lmstudio-greeting`)).json(), { lmstudio: true });
    const { data } = await (await fetch(`${simulator.http}/v1/models`)).json();
    for (const key of ["acme/one", "acme/two"]) assert.ok(data.some(model => model.id === key), key);
  } finally {
    await simulator.stop();
  }
});

test("it ends in order on SIGTERM", { timeout }, async () => {
  const simulator = await startSimulator();
  await simulator.stop();
  assert.equal(await simulator.exited, 0);
});

test("a port in use is named, with the way out", { timeout }, async () => {
  const simulator = await startSimulator();
  try {
    const taken = await run(["simulate", "--port", new URL(simulator.http).port]);
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, /^lmgateway: .*address already in use.*--port/is);
  } finally {
    await simulator.stop();
  }
});

test("its lms finds it by the home that it wrote, and shuts it down", { timeout }, async () => {
  const home = await mkdtemp(path.join(tmpdir(), "lms-"));
  const simulator = await startSimulator({ home });
  const lms = (...args) => run(["simulate", "lms", ...args], { HOME: tmpdir(), LMS_API_SERVER_INFO_PATH: path.join(home, ".internal/http-server.json") });
  try {
    assert.deepEqual(await lms("ps", "--json"), { code: 0, stdout: "[]\n", stderr: "" });
    const loaded = await lms("load", "granite-3.0-2b-instruct", "-y", "--identifier", "mine");
    assert.equal(loaded.code, 0);
    assert.match(loaded.stdout, /Loading granite-3\.0-2b-instruct 100% ./);
    assert.match(loaded.stderr, /^Model loaded successfully in .*use the identifier "mine"\.\n$/s);
    assert.equal(JSON.parse((await lms("ps", "--json")).stdout)[0].identifier, "mine");
    assert.deepEqual(await lms("daemon", "down"), { code: 0, stdout: "", stderr: "Shutting down llmster...\nDone.\n" });
    assert.equal(await simulator.exited, 0);
    assert.equal((await lms("ps", "--json")).code, 1);
  } finally {
    await rm(home, { recursive: true });
  }
});
