// The JavaScript client that the provider document prints, run as it is printed, against the service with that document's configuration.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { startGateway, startSimulator } from "./support/processes.mjs";

const document = readFileSync(new URL("../fixtures/sources/2-openai-provider.md", import.meta.url), "utf8");
const printed = /^```javascript\n(.*?)^```/ms.exec(document)[1];
const AsyncFunction = (async () => {}).constructor;

describe("the provider document's streaming client", { timeout: 120_000 }, () => {
  let simulator, gateway;

  before(async () => {
    simulator = await startSimulator({ loadTimeMs: 50, tokensPerSecond: 200, model: ["local-model"] });
    gateway = await startGateway(simulator.http, { "inference.provider": "lmstudio", "inference.default_model": "local-model" });
  });

  after(async () => {
    await gateway.stop();
    await simulator.stop();
  });

  /** Runs the printed code; what it knows of its surroundings is where the page came from, and where text goes. */
  async function run() {
    const written = [];
    const requests = [];
    const fetchHere = (path, options) => {
      requests.push(path);
      return fetch(new URL(path, gateway.http), options);
    };
    await new AsyncFunction("fetch", "process", printed)(fetchHere, { stdout: { write: text => written.push(text) } });
    return { requests, written };
  }

  test("it prints the answer piece by piece and returns at the end", async () => {
    const { requests, written } = await run();
    assert.deepEqual(requests, ["/v1/chat/completions"]);
    assert.equal(written.join(""), "You said: Hello!");
    assert.ok(written.length > 1);
  });

  test("twenty at a time read whole lines only", async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, run));
    for (const { written } of runs) assert.equal(written.join(""), "You said: Hello!");
  });
});
