import type { Browser, Page } from "@playwright/test";
import { pages } from "../pages.mjs";
import { expect, open, test } from "./support/agm.js";
import { drawAll, violations } from "./support/axe.js";

// What fails here is named by what it fails at; a recording of it would take longer than the looking.
test.use({ trace: "off" });

const themes = ["pixel", "cyber", "office"];

interface Look {
  theme: string;
  width: number;
  language: string;
}

/** What opens a dialog, by a name for its files: where it is, and what is pressed there one after the other. */
const dialogs: Record<string, { path: string; presses: string[] }> = {
  "add-provider": { path: pages.providers, presses: [`[data-act='"add_provider"']`] },
  switch: { path: pages.models, presses: [`[data-act='{"switch":"worker:bob"}']`] },
  bulk: { path: pages.models, presses: ["[value='worker:alice']", "[value='worker:bob']", "[data-act-checked]"] },
  plan: { path: pages.home, presses: [`[data-act^='{"repair"']`] },
};

/** Looks at every page as one person would see it: nothing sticks out, axe finds nothing, the console stays empty. */
async function look(browser: Browser, baseURL: string, { theme, width, language }: Look) {
  const context = await browser.newContext({
    viewport: { width, height: 860 },
    reducedMotion: "reduce",
    locale: language,
    baseURL,
  });
  await context.addInitScript((name) => localStorage.setItem("agm-theme", name), theme);
  await context.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
  const page = await context.newPage();
  const said: string[] = [];
  page.on("pageerror", (error) => said.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(`${page.url()}: ${message.text()}`);
  });
  const judge = async (name: string, fullPage: boolean) => {
    await page.evaluate(() => document.fonts.ready);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect.soft(over, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
    const file = [name, theme, width, ...(language === "en" ? [] : [language])].join("-");
    await page.screenshot({ path: `screenshots/${file}.png`, fullPage });
    expect.soft(await violations(page), name).toEqual([]);
  };
  for (const [name, path] of Object.entries(pages)) {
    await test.step(name, async () => {
      await open(page, path);
      await drawAll(page);
      const undrawn = await page.evaluate(() =>
        [...document.querySelectorAll("use")].filter((use) => !document.querySelector(use.getAttribute("href") ?? "x")).length,
      );
      expect.soft(undrawn, `${name} names drawings that it does not hold`).toBe(0);
      await judge(name, true);
    });
  }
  for (const [name, { path, presses }] of Object.entries(dialogs)) {
    await test.step(name, async () => {
      await open(page, path);
      for (const place of presses) await page.locator(place).first().click();
      const dialog = page.locator("dialog[open]");
      await expect(dialog.locator(".dialog-foot button").first()).toBeVisible();
      await expect(dialog.locator(".waiting")).toHaveCount(0);
      await judge(name, false);
    });
  }
  await context.close();
  // The browser itself tells of a page that is not there, as it is meant to be.
  const unmeant = said.filter((text) => !text.startsWith(`${baseURL}${pages["not-found"]}: Failed to load resource`));
  expect(unmeant).toEqual([]);
}

for (const theme of themes) {
  for (const width of [1280, 390]) {
    for (const language of ["en", "zh-CN"]) {
      test(`every page and dialog in ${theme} at ${width} px in ${language}`, async ({ browser, baseURL }) => {
        test.setTimeout(300_000);
        await look(browser, baseURL!, { theme, width, language });
      });
    }
  }
}
