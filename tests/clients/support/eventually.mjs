// Waits for what must come true, for as long as a busy machine may need.
import { setTimeout as pause } from "node:timers/promises";

const patienceMs = 30_000;

/** Resolves when the condition holds; what it waited for stands in the error. */
export async function eventually(what, condition) {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`It did not come true: ${what}`);
    await pause(10);
  }
}
