// An agm with a sandbox of its own, for tests and figures that must start it, or stop it, themselves.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export class OwnServer {
  #process;

  /**
   * @param {string} url Where it listens.
   * @param {{ console: string, gateway: string }} sandbox The addresses of its sandbox.
   * @param {import("node:child_process").ChildProcess} process
   */
  constructor(url, sandbox, process) {
    this.url = url;
    this.sandbox = sandbox;
    this.#process = process;
  }

  /**
   * Starts it, and waits until it listens.
   * @param {string[]} more Further arguments.
   * @param {number} port 0: any that is free.
   */
  static async start(more = [], port = 0, binary = process.env.AGM_BINARY ?? "target/debug/agm") {
    const server = spawn(binary, ["serve", "--sandbox", "--addr", `127.0.0.1:${port}`, ...more], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, AGM_LOG: "error" },
    });
    let sandbox;
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.startsWith("{")) sandbox = JSON.parse(line);
      const url = /https?:\/\/[^/]+/.exec(line.startsWith("AI Gateway Management") ? line : "");
      if (url) {
        server.stdout.resume();
        return new OwnServer(url[0], sandbox, server);
      }
    }
    throw new Error("the server ended before it listened");
  }

  get port() {
    return Number(new URL(this.url).port);
  }

  /** Stops it as an operator would, and waits for its end. */
  async stop() {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
  }
}
