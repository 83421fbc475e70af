// The OpenAPI document against the standard, and every documented example against the service.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import SwaggerParser from "@apidevtools/swagger-parser";
import Ajv from "ajv/dist/2020.js";
import { startPair } from "./support/processes.mjs";

const methods = ["get", "post", "put", "patch", "delete"];

describe("the OpenAPI document", { timeout: 120_000 }, () => {
  let pair, document, ajv;

  before(async () => {
    pair = await startPair();
    document = await (await fetch(`${pair.gateway.http}/openapi.json`)).json();
    ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: "doc", components: document.components });
  });

  after(() => pair.stop());

  test("it keeps to OpenAPI 3.1", async () => {
    await SwaggerParser.validate(structuredClone(document));
  });

  test("every example of a body fits its schema", () => {
    let seen = 0;
    for (const [, { operation }] of operations()) {
      for (const content of [operation.requestBody?.content, ...Object.values(operation.responses).map(response => response.content)]) {
        for (const [type, { schema, example }] of Object.entries(content ?? {})) {
          if (!schema || example === undefined) continue;
          for (const value of type === "application/x-ndjson" ? lines(example) : [example]) fits(value, schema, JSON.stringify(value));
          seen++;
        }
      }
    }

    assert.ok(seen > 20);
  });

  test("every documented example is answered as documented", async () => {
    const called = [];
    for (const [name, { method, path, operation }] of operations()) {
      const target = targetOf(path, operation);
      const body = operation.requestBody?.content["application/json"]?.example;
      if (target === null || method === "delete" || (operation.requestBody && body === undefined) || (method !== "get" && !described(operation))) continue;
      await call(name, method, target, body, operation);
      called.push(name);
      const streams = operation.responses["200"].content?.["text/event-stream"]?.schema;
      if (streams && body) await call(`${name} as a stream`, method, target, { ...body, stream: true }, operation);
    }

    for (const name of ["POST /chat", "POST /chat/vision/stream", "POST /v1/chat/completions", "POST /v1/messages", "GET /v1/models/{id}", "POST /admin/models/load", "GET /health", "GET /help", "GET /docs/{file}"])
      assert.ok(called.includes(name), `${name} has no example that can be called`);
  });

  function* operations() {
    for (const [path, item] of Object.entries(document.paths))
      for (const method of methods)
        if (item[method]) yield [`${method.toUpperCase()} ${path}`, { method, path, operation: item[method] }];
  }

  /** The path with its examples filled in; null where a part has none. */
  function targetOf(path, operation) {
    let complete = true;
    const target = path.replace(/\{(\w+)\}/g, (_, name) => {
      const example = operation.parameters?.find(parameter => parameter.name === name)?.example;
      complete &&= example !== undefined;
      return example;
    });
    return complete ? target : null;
  }

  async function call(name, method, target, body, operation) {
    const response = await fetch(pair.gateway.http + target, {
      method: method.toUpperCase(),
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const contents = operation.responses[response.status]?.content;
    const text = await (isEndless(operation) ? firstEvent(response) : response.text());
    assert.equal(response.status, 200, `${name}: ${text}`);
    if (!contents) return;
    const type = response.headers.get("content-type").split(";")[0];
    assert.ok(type in contents, `${name} answers ${type}`);
    const { schema } = contents[type];
    if (!schema) return;
    for (const value of valuesOf(type, text)) fits(value, schema, `${name}: ${JSON.stringify(value)}`);
  }

  /** A path that takes every method tells nothing of what it answers. */
  function described(operation) {
    return operation.responses["200"].content !== undefined;
  }

  function isEndless(operation) {
    return Object.keys(operation.responses["200"].content ?? {}).join() === "text/event-stream";
  }

  async function firstEvent(response) {
    let text = "";
    for await (const chunk of response.body) {
      text += Buffer.from(chunk).toString();
      if (text.includes("\n\n")) break;
    }

    return text;
  }

  function valuesOf(type, text) {
    if (type === "application/x-ndjson") return lines(text);
    if (type !== "text/event-stream") return [JSON.parse(text)];
    const data = [...text.matchAll(/^data: (.*)$/gm)].map(match => match[1]).filter(line => line !== "[DONE]");
    return data.map(line => JSON.parse(line));
  }

  function lines(text) {
    return text.trimEnd().split("\n").map(line => JSON.parse(line));
  }

  function fits(value, schema, what) {
    const check = ajv.compile({ $ref: schema.$ref.replace("#", "doc#") });
    assert.ok(check(value), `${what}: ${ajv.errorsText(check.errors)}`);
  }
});
