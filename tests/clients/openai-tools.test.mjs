// The official OpenAI client lets models call tools through the gateway.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { zodFunction } from "openai/helpers/zod";
import { z } from "zod";
import { chatModel, says } from "./support/models.mjs";
import { all, functionTool, openai } from "./support/openai.mjs";
import { startPair } from "./support/processes.mjs";

const getWeather = functionTool("get_weather", { city: { type: "string" } });
const getTime = functionTool("get_time", { hours: { type: "integer" } });
const ping = { type: "function", function: { name: "ping" } };

describe("openai: tools", { timeout: 120_000 }, () => {
  let pair, client;

  before(async () => {
    pair = await startPair();
    client = openai(pair.gateway.http);
  });

  after(() => pair.stop());

  const ask = (content, tools, more = {}) => client.chat.completions.create({ model: chatModel, messages: says(content), tools, ...more });

  test("a call comes with a name, an id and arguments that are JSON text", async () => {
    const completion = await ask('Use get_weather for "Oslo".', [getWeather, getTime]);
    const [choice] = completion.choices;
    assert.equal(choice.finish_reason, "tool_calls");
    assert.equal(choice.message.tool_calls.length, 1);
    const [call] = choice.message.tool_calls;
    assert.deepEqual([call.type, call.function.name], ["function", "get_weather"]);
    assert.ok(call.id.length > 0);
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo" });
  });

  test("a tool's result is answered in the next turn", async () => {
    const question = says('Use get_weather for "Oslo".');
    const { message } = (await ask(question[0].content, [getWeather])).choices[0];
    const messages = [...question, message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "4 degrees, rain" }];
    const completion = await ask("", [getWeather], { messages });
    assert.deepEqual([completion.choices[0].finish_reason, completion.choices[0].message.content], ["stop", "The tool answered: 4 degrees, rain"]);
  });

  test("a tool's result in parts is answered as one in text", async () => {
    const question = says('Use get_weather for "Oslo".');
    const { message } = (await ask(question[0].content, [getWeather])).choices[0];
    const messages = [...question, message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: [{ type: "text", text: "snow" }] }];
    const completion = await ask("", [getWeather], { messages });
    assert.equal(completion.choices[0].message.content, "The tool answered: snow");
  });

  test("several calls in one answer have ids of their own", async () => {
    const { message } = (await ask('get_weather for "Rome" and get_time in 2 hours', [getWeather, getTime])).choices[0];
    assert.deepEqual(message.tool_calls.map(call => call.function.name), ["get_weather", "get_time"]);
    assert.equal(new Set(message.tool_calls.map(call => call.id)).size, 2);
    assert.deepEqual(message.tool_calls.map(call => JSON.parse(call.function.arguments)), [{ city: "Rome" }, { hours: 2 }]);
  });

  test("streamed calls are whole after the helper has put them together", async () => {
    const wish = 'get_weather for "Rome" and get_time in 2 hours';
    const stream = client.chat.completions.stream({ model: chatModel, messages: says(wish), tools: [getWeather, getTime] });
    const done = [];
    stream.on("tool_calls.function.arguments.done", ({ name, arguments: text }) => done.push([name, JSON.parse(text)]));
    const { message, finish_reason: reason } = (await stream.finalChatCompletion()).choices[0];
    assert.equal(reason, "tool_calls");
    assert.deepEqual(message.tool_calls.map(call => [call.function.name, JSON.parse(call.function.arguments)]), [["get_weather", { city: "Rome" }], ["get_time", { hours: 2 }]]);
    assert.deepEqual(done, [["get_weather", { city: "Rome" }], ["get_time", { hours: 2 }]]);
  });

  test("in a stream only the first piece of a call has its id and name, and pieces are numbered from 0", async () => {
    const chunks = await all(await ask('get_weather for "Rome" and get_time in 2 hours', [getWeather, getTime], { stream: true }));
    const pieces = chunks.flatMap(chunk => chunk.choices[0].delta.tool_calls ?? []);
    for (const [index, name] of ["get_weather", "get_time"].entries()) {
      const [first, ...later] = pieces.filter(piece => piece.index === index);
      assert.deepEqual([first.type, first.function.name], ["function", name]);
      assert.ok(first.id.length > 0);
      assert.ok(later.length > 0);
      for (const piece of later) assert.deepEqual([piece.id, piece.type, piece.function.name], [undefined, undefined, undefined]);
    }
    assert.ok(pieces.every(piece => piece.index === 0 || piece.index === 1));
    assert.equal(chunks.at(-1).choices[0].finish_reason, "tool_calls");
  });

  test("a tool without parameters is called with an empty object", async () => {
    const { message } = (await ask("ping it", [ping])).choices[0];
    assert.equal(message.tool_calls[0].function.arguments, "{}");
    const stream = client.chat.completions.stream({ model: chatModel, messages: says("ping it"), tools: [ping] });
    assert.equal((await stream.finalChatCompletion()).choices[0].message.tool_calls[0].function.arguments, "{}");
  });

  test("tool_choice decides: none, required, and one by name", async () => {
    const choose = async tool_choice => (await ask("get_weather, please", [getWeather, getTime], { tool_choice })).choices[0].message;
    assert.equal((await choose("none")).tool_calls?.length ?? 0, 0);
    const unasked = (await ask("anything", [getWeather, getTime], { tool_choice: "required" })).choices[0].message;
    assert.equal(unasked.tool_calls.length, 1);
    const named = await choose({ type: "function", function: { name: "get_time" } });
    assert.deepEqual(named.tool_calls.map(call => call.function.name), ["get_time"]);
  });

  test("no tools and an empty list of tools are the same", async () => {
    const completion = await ask("count to 2", []);
    assert.equal(completion.choices[0].message.content, "1, 2");
  });

  test("a tool with a schema of its own gives parsed arguments", async () => {
    const tool = zodFunction({ name: "book_table", parameters: z.object({ guests: z.number().int(), name: z.string() }) });
    const completion = await client.chat.completions.parse({ model: chatModel, messages: says('book_table for 4, name "Ada"'), tools: [tool] });
    assert.deepEqual(completion.choices[0].message.tool_calls[0].function.parsed_arguments, { guests: 4, name: "Ada" });
  });

  for (const stream of [false, true]) {
    test(`the runner calls the tool and comes back with the answer${stream ? ", streamed" : ""}`, async () => {
      const asked = [];
      const runner = client.chat.completions.runTools({
        model: chatModel,
        stream,
        messages: says('Use get_weather for "Bergen".'),
        tools: [{ type: "function", function: { ...getWeather.function, parse: JSON.parse, function: ({ city }) => (asked.push(city), "rain again") } }],
      });
      assert.equal(await runner.finalContent(), "The tool answered: rain again");
      assert.deepEqual(asked, ["Bergen"]);
    });
  }
});
