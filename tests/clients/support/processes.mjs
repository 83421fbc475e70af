// Starts the product's programs as processes of their own and ends them with the tests.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const program = path.join(root, "artifacts/bin/LmGateway/release/LmGateway.dll");
const startDeadlineMs = 30_000;

/**
 * Starts a simulated LM Studio on a free port. Options are those of `lmgateway simulate` in camel case; a list repeats its option.
 * Resolves to its `http` and `ws` addresses, `stop()`, and `exited`, the promise of its exit code.
 */
export async function startSimulator(options = {}) {
  const simulator = await start("simulate", { port: 0, parentPid: process.pid, ...options }, /^LM Studio simulator listening on (http:\/\/127\.0\.0\.1:\d+)$/);
  return { ...simulator, ws: simulator.http.replace("http:", "ws:") };
}

/** Runs a command of the gateway program to its end, with nothing to read. */
export async function run(args, environment = {}) {
  const child = spawn("dotnet", [program, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code, stdout, stderr };
}

/** Starts a command of the gateway program and waits for the line that names its address. */
async function start(command, options, ready) {
  const child = spawn("dotnet", [program, command, ...commandLine(options)], { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
  const stderr = text(child.stderr);
  const exited = once(child, "exit").then(([code]) => code);
  const timer = setTimeout(() => child.kill("SIGKILL"), startDeadlineMs);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const match = ready.exec(line);
      if (match) return { http: match[1], exited, stop: signal => stop(child, exited, signal) };
    }
  } finally {
    clearTimeout(timer);
  }

  await exited;
  throw new Error(`lmgateway ${command} ended before it listened: ${await stderr}`);
}

/** Ends a process by a signal, or by closing its standard input, and answers its exit code. */
function stop(child, exited, signal) {
  if (signal) child.kill(signal);
  else child.stdin.end();
  return exited;
}

function commandLine(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    const option = "--" + name.replace(/[A-Z]/g, letter => "-" + letter.toLowerCase());
    return [value].flat().flatMap(item => [option, String(item)]);
  });
}
