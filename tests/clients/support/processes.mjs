// Starts the product's programs as processes of their own and ends them with the tests.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { SimulatorControl } from "./simulator.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
export const program = path.join(root, "artifacts/bin/LmGateway/release/lmgateway.dll");
const ollamaProgram = path.join(root, "artifacts/bin/Ollama.StandIn/release/Ollama.StandIn.dll");
const startDeadlineMs = 60_000;
const stopDeadlineMs = 30_000;

/** All that a program gets from the environment of whoever runs the tests: none of the settings. */
const kept = /^(PATH|HOME|USERPROFILE|SYSTEMROOT|TMPDIR|TEMP|TMP|LANG|LC_\w+|DOTNET_\w+)$/i;
const running = new Set();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
process.on("exit", () => running.forEach(child => child.kill("SIGKILL")));

/**
 * Starts a simulated LM Studio on a free port. Options are those of `lmgateway simulate` in camel case; a list repeats its option.
 * Resolves to its addresses, its control (see SimulatorControl) and `stop()`.
 */
export async function startSimulator(options = {}) {
  const listening = /^LM Studio simulator listening on (http:\/\/127\.0\.0\.1:\d+)$/;
  const simulator = await start(["simulate", ...commandLine({ port: 0, ...options })], listening);
  return Object.assign(new SimulatorControl(simulator.http), simulator, { ws: simulator.http.replace("http:", "ws:") });
}

/** Starts the service on a free port in front of a backend's address; settings are `key: value` pairs as in lmgateway.yaml. */
export function startGateway(backend, settings = {}) {
  return serve([], { "lmstudio.base_url": backend, "lmstudio.connect_retry": 50, ...settings });
}

/** Starts the service in front of one backend, named as in the list of backends. */
export function startGatewayBefore(backend, settings = {}) {
  return serve([], { backends: backend, ...settings });
}

/** Starts the stand-in for Ollama with these models in its store. Resolves to its address and `stop()`. */
export async function startOllama(...models) {
  const port = await freePort();
  const environment = { OLLAMA_HOST: `127.0.0.1:${port}`, OLLAMA_STANDIN_MODELS: models.join(",") };
  return start(["serve"], /Listening on (127\.0\.0\.1:\d+)/, { of: ollamaProgram, environment, listens: "stderr" });
}

/** Starts the service as on a machine that has nothing else, in front of its own simulator. */
export function startDemo() {
  return serve(["--demo"], {});
}

/** A simulator that answers as fast as it can, and the service in front of it. Resolves to both and `stop()`. */
export async function startPair({ settings = {}, ...simulated } = {}) {
  const simulator = await startSimulator({ loadTimeMs: 50, tokensPerSecond: 0, ...simulated });
  try {
    const gateway = await startGateway(simulator.http, settings);
    return { simulator, gateway, stop: () => Promise.all([gateway.stop(), simulator.stop()]) };
  } catch (failure) {
    await simulator.stop();
    throw failure;
  }
}

function serve(options, settings) {
  const pairs = Object.entries({ "log.level": "warn", ...settings }).map(([key, value]) => `${key}=${value}`);
  return start([...options, "--port", "0", ...commandLine({ set: pairs })], /^ {2}listening +(http:\/\/127\.0\.0\.1:\d+)$/);
}

/** Starts the program in an empty folder and waits for the line that names its address. */
async function start(options, ready, { of = program, environment: own = {}, listens = "stdout" } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "lmgateway-clients-"));
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name)));
  const child = spawn("dotnet", [of, ...options], {
    cwd: folder,
    env: { ...environment, XDG_CONFIG_HOME: folder, APPDATA: folder, ...own },
    stdio: ["pipe", "pipe", "pipe"],
  });
  running.add(child);
  const stderr = [];
  child.stderr.setEncoding("utf8").on("data", text => stderr.push(text));
  const exited = once(child, "exit").finally(() => {
    running.delete(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const process_ = { stderr: () => stderr.join(""), exited: exited.then(([code]) => code), stop: () => stop(child, exited) };
  const timer = setTimeout(() => child.kill("SIGKILL"), startDeadlineMs);
  try {
    const lines = createInterface({ input: child[listens] });
    for await (const line of lines) {
      const match = ready.exec(line);
      if (match) return { http: match[1].startsWith("http") ? match[1] : `http://${match[1]}`, ...process_ };
    }
  } finally {
    clearTimeout(timer);
    child[listens].resume();
  }

  await exited;
  throw new Error(`lmgateway ${options.join(" ")} ended before it listened: ${stderr.join("")}`);
}

/** A port on which nobody listens. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Runs a command of the program to its end, with nothing to read. */
export async function run(options, environment = {}) {
  const child = spawn("dotnet", [program, ...options], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code, stdout, stderr };
}

/** Asks the program to end, and fails where it does not end well. */
async function stop(child, exited) {
  const timer = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
  child.kill("SIGTERM");
  const [code, signal] = await exited;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`lmgateway ended with ${code ?? signal} when it was asked to stop`);
}

function commandLine(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    const option = "--" + name.replace(/[A-Z]/g, letter => "-" + letter.toLowerCase());
    return [value].flat().flatMap(item => [option, String(item)]);
  });
}
