// What goes wrong reaches the official OpenAI client as the right class of error, with status, code and request id.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError, AuthenticationError, BadRequestError, InternalServerError, NotFoundError,
} from "openai";
import { admin } from "./support/admin.mjs";
import { chatModel, embedder, says, slashedModel } from "./support/models.mjs";
import { all, openai } from "./support/openai.mjs";
import { startGateway, startPair, startSimulator } from "./support/processes.mjs";

const key = "a-key-of-the-tests";

/** The failure of a call that must fail, which must tell its request's id. */
async function failureOf(call) {
  const failure = await call.then(() => assert.fail("it did not fail"), error => error);
  assert.ok(failure instanceof APIError, String(failure));
  assert.ok(failure.requestID?.length > 0);
  return failure;
}

describe("openai: errors", { timeout: 120_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair({ settings: { "limits.body_bytes": 100_000 } });
    client = openai(pair.gateway.http);
    for (const modelKey of [chatModel, slashedModel]) await admin(pair.gateway.http, "models/load", { modelKey, activate: false });
  });

  after(() => pair.stop());

  const chat = (more = {}, options = {}) => client.chat.completions.create({ model: chatModel, messages: says("count to 3"), ...more }, options);

  for (const stream of [false, true]) {
    const way = stream ? "streamed" : "whole";

    test(`an unknown model is not found (${way})`, async () => {
      const failure = await failureOf(chat({ model: "no-such-model", stream }));
      assert.ok(failure instanceof NotFoundError);
      assert.deepEqual([failure.status, failure.code, failure.type, failure.param], [404, "model_not_found", "invalid_request_error", "model"]);
      assert.match(failure.message, /no-such-model/);
    });

    test(`an ambiguous name lists what it may mean (${way})`, async () => {
      const failure = await failureOf(chat({ model: "qwen", stream }));
      assert.ok(failure instanceof BadRequestError);
      assert.equal(failure.code, "model_ambiguous");
      assert.match(failure.message, /qwen\/qwen3-4b-2507/);
    });

    test(`a bad field is a bad request (${way})`, async () => {
      for (const more of [{ messages: undefined }, { messages: "hello" }, { messages: [] }, { messages: [{ role: "wizard", content: "x" }] }, { model: 7 }, { model: embedder }]) {
        const failure = await failureOf(chat({ ...more, stream }));
        assert.ok(failure instanceof BadRequestError, `${JSON.stringify(more)}: ${failure}`);
        assert.equal(failure.type, "invalid_request_error");
      }
    });

    test(`no model and none active is a bad request (${way})`, async () => {
      const failure = await failureOf(chat({ model: undefined, stream }));
      assert.ok(failure instanceof BadRequestError);
      assert.deepEqual([failure.code, failure.param], ["model_required", "model"]);
    });

    test(`a prompt that does not fit the context says so before the stream (${way})`, async () => {
      const failure = await failureOf(chat({ messages: says("word ".repeat(6000)), stream }));
      assert.ok(failure instanceof BadRequestError);
      assert.deepEqual([failure.code, failure.type], ["context_length_exceeded", "invalid_request_error"]);
      assert.match(failure.message, /maximum context length/);
    });

    test(`a body past the limit is refused (${way})`, async () => {
      const failure = await failureOf(chat({ messages: says("x".repeat(100_001)), stream }));
      assert.deepEqual([failure.status, failure.code], [413, "request_too_large"]);
    });

    const refusals = [
      [400, { error: "bad" }, BadRequestError, 400],
      [404, { error: { message: `Model "${chatModel}" not found`, code: "model_not_found" } }, NotFoundError, 404],
      [500, { error: "The model has crashed without additional information." }, InternalServerError, 500],
      [503, { error: { message: "busy", code: 503 } }, InternalServerError, 500],
    ];
    for (const [status, body, kind, seen] of refusals) {
      test(`the backend's ${status} before an answer is a ${kind.name} (${way})`, async () => {
        const failure = await pair.simulator.failing({ kind: "error-status", scope: "/v1/chat", status, body }, () => failureOf(chat({ stream })));
        assert.ok(failure instanceof kind, String(failure));
        assert.equal(failure.status, seen);
        assert.equal(typeof failure.error.message, "string");
      });
    }

    test(`nonsense in place of an answer is the backend's fault (${way})`, async () => {
      const failure = await pair.simulator.failing({ kind: "nonsense", scope: "/v1/chat" }, () => failureOf(chat({ stream })));
      assert.ok(failure instanceof InternalServerError);
      assert.deepEqual([failure.status, failure.code], [500, "provider_error"]);
    });

    for (const kind of ["refuse", "reset-before-headers"]) {
      test(`a connection that the backend drops (${kind}) is a 502 (${way})`, async () => {
        const failure = await pair.simulator.failing({ kind, scope: "/v1/chat" }, () => failureOf(chat({ stream })));
        assert.ok(failure instanceof InternalServerError);
        assert.deepEqual([failure.status, failure.code], [502, "provider_connection_failed"]);
      });
    }
  }

  test("a whole answer that the backend cannot finish is an error", async () => {
    const cut = await pair.simulator.failing({ kind: "reset-after-tokens", scope: "/v1/chat", tokens: 1 }, () => failureOf(chat()));
    assert.equal(cut.status, 502);
    const failed = await pair.simulator.failing({ kind: "error-event", scope: "/v1/chat", tokens: 1, message: "Compute error." }, () => failureOf(chat()));
    assert.ok([400, 500].includes(failed.status));
    assert.match(failed.message, /Compute error/);
  });

  test("every reply carries a request id, the caller's own where it sends one", async () => {
    const completion = await chat({}, { headers: { "x-request-id": "mine-1" } });
    assert.equal(completion._request_id, "mine-1");
    const failure = await failureOf(chat({ model: "no-such-model" }, { headers: { "x-request-id": "mine-2" } }));
    assert.equal(failure.requestID, "mine-2");
    assert.notEqual((await chat())._request_id, (await chat())._request_id);
  });

  test("the client tries again what may succeed: one dropped connection goes unnoticed", async () => {
    const patient = openai(pair.gateway.http, { maxRetries: 2 });
    const completion = await pair.simulator.failing({ kind: "reset-before-headers", scope: "/v1/chat", count: 1 },
      () => patient.chat.completions.create({ model: chatModel, messages: says("count to 3") }));
    assert.equal(completion.choices[0].message.content, "1, 2, 3");
  });

  test("after all these faults nothing is left open at the backend", () => pair.simulator.idle());
});

describe("openai: keys", { timeout: 120_000 }, () => {
  let pair;

  before(async () => {
    pair = await startPair({ settings: { "security.api_key": key } });
  });

  after(() => pair.stop());

  test("a wrong key and none are refused, and the right one is not shown to the backend", async () => {
    for (const options of [{ apiKey: "not-the-key" }, { defaultHeaders: { Authorization: null } }]) {
      const failure = await failureOf(openai(pair.gateway.http, options).models.list());
      assert.ok(failure instanceof AuthenticationError);
      assert.deepEqual([failure.status, failure.code], [401, "invalid_api_key"]);
      assert.ok(!failure.message.includes("not-the-key"));
    }
    const completion = await openai(pair.gateway.http, { apiKey: key }).chat.completions.create({ model: chatModel, messages: says("count to 3") });
    assert.equal(completion.choices[0].message.content, "1, 2, 3");
    assert.ok(!JSON.stringify(await pair.simulator.requests()).includes(key));
  });

  test("a stream is refused as early", async () => {
    const call = openai(pair.gateway.http, { apiKey: "wrong" }).chat.completions.create({ model: chatModel, messages: says("x"), stream: true });
    assert.ok((await failureOf(call)) instanceof AuthenticationError);
  });

  test("a backend that wants another token is an authentication error that names the setting", async () => {
    const failure = await pair.simulator.failing({ kind: "auth-required", scope: "/v1/chat" },
      () => failureOf(openai(pair.gateway.http, { apiKey: key }).chat.completions.create({ model: chatModel, messages: says("x") })));
    assert.ok(failure instanceof AuthenticationError);
    assert.ok(!failure.message.includes(key));
  });
});

describe("openai: a backend or a service that is not there", { timeout: 120_000 }, () => {
  test("a backend that is down is a 502 that tells its address, and the service recovers by itself when it comes", async () => {
    const taken = await startSimulator();
    const address = taken.http;
    await taken.stop();
    const gateway = await startGateway(address, { "lmstudio.connect_attempts": 1 });
    let simulator;
    try {
      const client = openai(gateway.http);
      for (const stream of [false, true]) {
        const failure = await failureOf(client.chat.completions.create({ model: chatModel, messages: says("x"), stream }));
        assert.ok(failure instanceof InternalServerError);
        assert.deepEqual([failure.status, failure.code], [502, "provider_connection_failed"]);
        assert.ok(failure.message.includes(new URL(address).port));
      }
      simulator = await startSimulator({ port: new URL(address).port, tokensPerSecond: 0, loadTimeMs: 50 });
      const completion = await client.chat.completions.create({ model: chatModel, messages: says("count to 3") });
      assert.equal(completion.choices[0].message.content, "1, 2, 3");
    } finally {
      await gateway.stop();
      await simulator?.stop();
    }
  });

  test("a service that is not there is a connection error", async () => {
    const gateway = await startGateway("http://127.0.0.1:1");
    await gateway.stop();
    const failure = await openai(gateway.http).models.list().then(() => assert.fail("it did not fail"), error => error);
    assert.ok(failure instanceof APIConnectionError);
  });
});

describe("openai: faults inside a stream and time limits", { timeout: 120_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair({ settings: { "timeouts.request": 1500, "timeouts.stream_idle": 1500 } });
    client = openai(pair.gateway.http);
  });

  after(() => pair.stop());

  const chat = (more = {}, options = {}) => client.chat.completions.create({ model: chatModel, messages: says("count to 9"), ...more }, options);

  /** Reads a stream that must fail, and gives what came before. */
  async function broken(stream) {
    const chunks = [];
    const failure = await (async () => { for await (const chunk of stream) chunks.push(chunk); })().then(() => assert.fail("the stream ended as if it were whole"), error => error);
    return { chunks, failure };
  }

  const faults = [["error-event", /Compute error/], ["reset-after-tokens"], ["malformed-event"], ["stall", /time/i]];
  for (const [kind, wording = /./] of faults) {
    test(`${kind} after three tokens raises an APIError, and what came before it arrives`, async () => {
      await pair.simulator.failing({ kind, scope: "/v1/chat", tokens: 3, message: "Compute error." }, async () => {
        const { chunks, failure } = await broken(await chat({ stream: true }));
        assert.ok(failure instanceof APIError, String(failure));
        assert.ok(!(failure instanceof APIConnectionError), "the stream must end in order, with an error event");
        assert.match(failure.message, wording);
        assert.equal(chunks.map(chunk => chunk.choices[0].delta.content ?? "").join(""), "1, 2, 3");
        assert.ok(chunks.every(chunk => chunk.choices[0].finish_reason === null));
      });
      await pair.simulator.idle();
    });

    test(`${kind} makes the stream helper fail`, async () => {
      await pair.simulator.failing({ kind, scope: "/v1/chat", tokens: 3, message: "Compute error." }, async () => {
        const stream = client.chat.completions.stream({ model: chatModel, messages: says("count to 9") });
        await assert.rejects(stream.finalChatCompletion(), APIError);
      });
    });

    test(`${kind} fails a streamed completion`, async () => {
      await pair.simulator.failing({ kind, scope: "/v1/completions", tokens: 3, message: "Compute error." }, async () => {
        const { failure } = await broken(await client.completions.create({ model: chatModel, prompt: "count to 9", stream: true }));
        assert.ok(failure instanceof APIError, String(failure));
        assert.match(failure.message, wording);
      });
    });

    test(`${kind} ends a streamed response with an event that says so`, async () => {
      await pair.simulator.failing({ kind, scope: "/v1/responses", tokens: 3, message: "Compute error." }, async () => {
        const events = await all(await client.responses.create({ model: chatModel, input: "count to 9", stream: true }));
        const last = events.at(-1);
        assert.ok(["error", "response.failed"].includes(last.type), last.type);
        assert.match(last.message ?? last.response.error.message, wording);
        assert.ok(events.every(event => event.type !== "response.completed"));
        assert.deepEqual(events.map(event => event.sequence_number), events.map((_, index) => index));
        const status = await client.responses.stream({ model: chatModel, input: "count to 9" }).finalResponse().then(response => response.status, () => "failed");
        assert.equal(status, "failed");
      });
    });
  }

  test("a stream whose end marker alone is missing is whole", async () => {
    await pair.simulator.failing({ kind: "no-done", scope: "/v1/chat" }, async () => {
      const chunks = await all(await chat({ stream: true }));
      assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
    });
  });

  test("an answer past the service's time limit is a 504", async () => {
    await pair.simulator.failing({ kind: "stall", scope: "/v1/chat" }, async () => {
      const failure = await failureOf(chat());
      assert.ok(failure instanceof InternalServerError);
      assert.deepEqual([failure.status, failure.code, failure.type], [504, "provider_timeout", "timeout_error"]);
    });
    await pair.simulator.idle();
  });

  test("the client's own time limit ends the work at the backend", async () => {
    const before = await pair.simulator.counters();
    await pair.simulator.change({ timeToFirstTokenMs: 30_000 });
    try {
      await assert.rejects(chat({}, { timeout: 200 }), APIConnectionTimeoutError);
      await pair.simulator.cancelledOnceMore(before);
    } finally {
      await pair.simulator.change({ timeToFirstTokenMs: 0 });
    }
  });

  test("an abort before the first token is an APIUserAbortError", async () => {
    await pair.simulator.change({ timeToFirstTokenMs: 30_000 });
    try {
      const before = await pair.simulator.counters();
      const leaving = new AbortController();
      const call = chat({ stream: true }, { signal: leaving.signal });
      const refused = assert.rejects(call, APIUserAbortError);
      await pair.simulator.generating(before);
      leaving.abort();
      await refused;
      await pair.simulator.cancelledOnceMore(before);
    } finally {
      await pair.simulator.change({ timeToFirstTokenMs: 0 });
    }
  });
});
