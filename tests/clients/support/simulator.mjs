// The simulator's own API: what it has counted, and the faults that it plays.
import assert from "node:assert/strict";
import { eventually } from "./eventually.mjs";

/** Asks and steers a running simulator over /simulator/*. */
export class SimulatorControl {
  constructor(address) {
    this.address = address;
  }

  status() {
    return this.#call("GET", "status");
  }

  async counters() {
    return (await this.status()).counters;
  }

  /** The last requests as they arrived, oldest first. */
  async requests() {
    return (await this.#call("GET", "requests")).requests;
  }

  change(settings) {
    return this.#call("POST", "settings", settings);
  }

  /** Plays a fault while the work runs. */
  async failing(fault, work) {
    await this.#call("POST", "faults", fault);
    try {
      return await work();
    } finally {
      await this.#call("DELETE", "faults");
    }
  }

  /** Waits until one more generation than before has begun. */
  generating(before) {
    return eventually("a generation begins", async () => (await this.counters()).predictions > before.predictions);
  }

  /** Waits until one more generation than before was cancelled, and nothing is open any more. */
  async cancelledOnceMore(before) {
    await eventually("the backend sees the cancel", async () => (await this.counters()).cancels === before.cancels + 1);
    await this.idle();
  }

  /** Waits until no stream and no request is open. */
  idle() {
    return eventually("no stream is open", async () => {
      const { openStreams, openRequests } = await this.counters();
      return openStreams === 0 && openRequests === 0;
    });
  }

  async #call(method, name, body) {
    const response = await fetch(`${this.address}/simulator/${name}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }
}
