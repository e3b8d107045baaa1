// The pictures of the documentation: Home in each theme, as a visitor of a fresh sandbox sees it.
// Usage: node screenshots.mjs FOLDER [AGM-BINARY]
import { chromium } from "@playwright/test";
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { OwnServer } from "./own-server.mjs";

const THEMES = ["pixel", "office", "cyber"];
/** So that a page with all of them loads fast. */
const MOST_BYTES = 120_000;

const [folder, binary] = process.argv.slice(2);
const server = await OwnServer.start([], 0, binary);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  for (const theme of THEMES) {
    const context = await browser.newContext({
      baseURL: server.url,
      viewport: { width: 1280, height: 940 },
      reducedMotion: "reduce",
      locale: "en-GB",
    });
    await context.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
    await context.addInitScript((theme) => localStorage.setItem("agm-theme", theme), theme);
    const page = await context.newPage();
    await page.goto("/agm/");
    await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
    await page.evaluate(() => document.fonts.ready);
    const file = join(resolve(folder), `home-${theme}.png`);
    await page.screenshot({ path: file, animations: "disabled" });
    const { size } = statSync(file);
    console.log(`${file}: ${Math.round(size / 1000)} KB`);
    if (size > MOST_BYTES) throw new Error(`${file} is larger than ${MOST_BYTES} bytes`);
    await context.close();
  }
} finally {
  await browser.close();
  await server.stop();
}
