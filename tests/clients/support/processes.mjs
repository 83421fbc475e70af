// Starts the product's programs as processes of their own and ends them with the tests.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const program = path.join(root, "artifacts/bin/LmGateway/release/LmGateway.dll");
const startDeadlineMs = 30_000;

/**
 * Starts a simulated LM Studio on a free port. Options are those of `lmgateway simulate` in camel case; a list repeats its option.
 * Resolves to its addresses and `stop()`.
 */
export async function startSimulator(options = {}) {
  const { port = 0, ...rest } = options;
  const simulator = await start("simulate", { port, parentPid: process.pid, ...rest }, /^LM Studio simulator listening on (http:\/\/127\.0\.0\.1:\d+)$/);
  return { ...simulator, ws: simulator.http.replace("http:", "ws:") };
}

/** Starts a command of the gateway program and waits for the line that names its address. */
async function start(command, options, ready) {
  const child = spawn("dotnet", [program, command, ...commandLine(options)], { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
  const stderr = [];
  child.stderr.setEncoding("utf8").on("data", text => stderr.push(text));
  const exited = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), startDeadlineMs);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const match = ready.exec(line);
      if (match) return { http: match[1], stderr: () => stderr.join(""), stop: () => stop(child, exited) };
    }
  } finally {
    clearTimeout(timer);
  }

  await exited;
  throw new Error(`lmgateway ${command} ended before it listened: ${stderr.join("")}`);
}

async function stop(child, exited) {
  child.stdin.end();
  await exited;
}

function commandLine(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    const option = "--" + name.replace(/[A-Z]/g, letter => "-" + letter.toLowerCase());
    return [value].flat().flatMap(item => [option, String(item)]);
  });
}
