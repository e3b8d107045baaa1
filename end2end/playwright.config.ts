import { defineConfig, devices } from "@playwright/test";

const port = Number(process.env.AGM_TEST_PORT ?? 18180);
const base = `http://127.0.0.1:${port}`;
const chromium = {
  ...devices["Desktop Chrome"],
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

// One server with one sandbox for all files, so they run one after the other, and each puts back what it changes.
export default defineConfig({
  testDir: "tests",
  forbidOnly: !!process.env.CI,
  workers: 1,
  // In CI one test that lost a race is made again and told as flaky, so that it does not hide what the others found.
  retries: process.env.CI ? 1 : 0,
  // Conditions are waited for: these only tell when to give up, on a machine that does other things as well.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: { baseURL: base, actionTimeout: 15_000, trace: "retain-on-failure", viewport: { width: 1280, height: 860 } },
  webServer: {
    command: `node start-server.mjs ${port}`,
    url: `${base}/healthz`,
    timeout: 60_000,
    reuseExistingServer: false,
    stdout: "ignore",
    stderr: "pipe",
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
  projects: [
    { name: "script", use: chromium, testIgnore: /no-script/ },
    { name: "no-script", use: { ...chromium, javaScriptEnabled: false }, testMatch: /no-script/ },
  ],
});
