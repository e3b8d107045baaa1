// Starts agm with its sandbox and keeps the line in which the sandbox tells its addresses, for the tests.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [port] = process.argv.slice(2);
const binary = process.env.AGM_BINARY ?? "target/debug/agm";
const server = spawn(binary, ["serve", "--sandbox", "--addr", `127.0.0.1:${port}`], {
  cwd: "..",
  stdio: ["ignore", "pipe", "inherit"],
});
createInterface({ input: server.stdout }).on("line", (line) => {
  if (line.startsWith("{")) writeFileSync(join(tmpdir(), `agm-sandbox-${port}.json`), line);
});
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 1));
