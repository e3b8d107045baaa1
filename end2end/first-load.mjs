// What a person's browser fetches to show the page for the first time: every response, as it came over the wire.
// Usage: node first-load.mjs AGM-BINARY
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { chromium } from "@playwright/test";

const GOAL = 300_000;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Waits until agm answers, 10 seconds at most. */
const answers = async (url) => {
  for (const deadline = Date.now() + 10_000; ; ) {
    try {
      if ((await fetch(url)).ok) return;
    } catch (refused) {
      if (Date.now() > deadline) throw refused;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const port = await freePort();
const agm = spawn(process.argv[2], ["serve", "--sandbox", "--addr", `127.0.0.1:${port}`], {
  stdio: ["ignore", "ignore", "inherit"],
  env: { ...process.env, RUST_LOG: "warn" },
});
try {
  await answers(`http://127.0.0.1:${port}/healthz`);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const context = await browser.newContext({ baseURL: `http://127.0.0.1:${port}` });
  await context.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  const urls = new Map();
  const sizes = new Map();
  network.on("Network.responseReceived", ({ requestId, response }) => urls.set(requestId, new URL(response.url).pathname));
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(urls.get(requestId), encodedDataLength));
  await page.goto("/agm/");
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState("load");
  const rows = [...sizes].filter(([path]) => path && !path.startsWith("/ni_status/")).sort((a, b) => b[1] - a[1]);
  console.log("first load of the page, bytes over the wire");
  for (const [path, bytes] of rows) console.log(`  ${String(bytes).padStart(8)}  ${path}`);
  const total = rows.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`  ${String(total).padStart(8)}  in all   (goal <= ${GOAL})`);
  await browser.close();
} finally {
  agm.kill();
}
