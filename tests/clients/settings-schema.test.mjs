// The schema of lmgateway.yaml against a validator that editors use too: the example passes, mistakes do not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import Ajv from "ajv";
import { load } from "js-yaml";

const root = new URL("../../", import.meta.url);
const read = name => readFileSync(new URL(name, root), "utf8");
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(JSON.parse(read("lmgateway.schema.json")));

describe("the schema of lmgateway.yaml", () => {
  test("the example file names it and fits it", () => {
    const text = read("lmgateway.example.yaml");
    assert.match(text, /^# yaml-language-server: \$schema=\.\/lmgateway\.schema\.json\n/);
    assert.ok(validate(load(text)), JSON.stringify(validate.errors));
  });

  test("the example fits it with every comment that is a setting made one", () => {
    const text = read("lmgateway.example.yaml").replace(/^( *)# ([a-z_]+: )/gm, "$1$2");
    assert.ok(validate(load(text)), JSON.stringify(validate.errors));
  });

  for (const [what, yaml] of Object.entries({
    "a number": "scheduling: { queue_limit: 100 }",
    "a list with commas": "backends: lmstudio, ollama",
    "an empty section": "nats:",
    "an empty value": "listen: { port: }",
  }))
    test(`${what} is taken`, () => assert.ok(validate(load(yaml)), JSON.stringify(validate.errors)));

  for (const [what, yaml] of Object.entries({
    "an unknown section": "listne: { port: 8000 }",
    "an unknown key": "listen: { prot: 8000 }",
    "a word for a number": "listen: { port: many }",
    "a number out of range": "listen: { port: 70000 }",
    "a fraction for a whole number": "listen: { port: 80.5 }",
    "a flag that is none": "listen: { http: maybe }",
    "a word that is none of the choices": "log: { level: loud }",
    "a list for one value": "listen: { host: [127.0.0.1] }",
    "a value for a section": "listen: 8000",
  }))
    test(`${what} is refused`, () => assert.ok(!validate(load(yaml))));
});
