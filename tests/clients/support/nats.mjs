// A NATS server of its own for a test, and the official client as a caller.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as dial, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";

const program = existsSync("/usr/sbin/nats-server") ? "/usr/sbin/nats-server" : "nats-server";
const patienceMs = 30_000;

/** Starts a server with JetStream on a free port; resolves to its `url` and `stop()`. */
export async function startNats() {
  const folder = mkdtempSync(path.join(tmpdir(), "lmgateway-nats-"));
  const port = await freePort();
  const child = spawn(program, ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", path.join(folder, "store"), "-l", path.join(folder, "log")], { stdio: "ignore" });
  const exited = once(child, "exit");
  process.on("exit", () => child.kill("SIGKILL"));
  const deadline = Date.now() + patienceMs;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`nats-server did not start: ${readFileSync(path.join(folder, "log"), "utf8")}`);
    await pause(10);
  }

  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `nats://127.0.0.1:${port}`, stop };
}

/** A caller, once somebody answers on the gateway's subjects. */
export async function caller(url) {
  const nc = await connect({ servers: url });
  const deadline = Date.now() + patienceMs;
  while (true) {
    try {
      await nc.request("lmstudio.loaded_models", "{}", { timeout: patienceMs });
      return nc;
    } catch (failure) {
      if (!(failure.isNoResponders?.() || /no responders/i.test(String(failure.message))) || Date.now() > deadline) throw failure;
      await pause(20);
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function answers(port) {
  return new Promise(resolve => {
    const socket = dial(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
