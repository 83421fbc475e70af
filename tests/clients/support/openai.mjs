// The official OpenAI client as an application sets it up.
import OpenAI from "openai";

/** A client of the service at an address; it tries once, so that a test sees the first answer. */
export function openai(address, options = {}) {
  return new OpenAI({ baseURL: `${address}/v1`, apiKey: "none", maxRetries: 0, ...options });
}

/** Everything that an async iterable gives, in order. */
export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** A function tool of the chat API. */
export function functionTool(name, properties = {}) {
  return { type: "function", function: { name, description: `Runs ${name}.`, parameters: { type: "object", properties, required: Object.keys(properties) } } };
}
