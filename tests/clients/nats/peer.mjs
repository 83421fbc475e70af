// What the scripts here share. Each is started by LeanNats.Tests with the server's URL and a subject, and talks to the test in lines.
import { connect } from "@nats-io/transport-node";
import { createInterface } from "node:readline";

export const [url, subject, ...rest] = process.argv.slice(2);

export const open = () => connect({ servers: url, timeout: 30_000 });

export const say = (line) => console.log(typeof line === "string" ? line : JSON.stringify(line));

/** The lines that the test writes, until it closes the input. */
export const orders = () => createInterface({ input: process.stdin });
