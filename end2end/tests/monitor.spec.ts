import type { Page } from "@playwright/test";
import { ask, expect, open, test } from "./support/agm.js";

const chart = (page: Page, title: string) => page.locator(".chart").filter({ has: page.getByRole("heading", { name: title }) });
const now = (page: Page, title: string) => chart(page, title).locator(".chart-now b");

test("every figure has its value of now and its past in words", async ({ page }) => {
  await open(page, "/agm/monitor");
  for (const title of ["Processor", "Memory"]) {
    await expect(now(page, title)).toHaveText(/^\d+%$/);
    await expect(chart(page, title).getByRole("img", { name: `${title}, last hour: at most` })).toBeVisible();
  }
  for (const title of ["Gateway connections", "Requests a minute"]) {
    await expect(now(page, title)).toHaveText(/^[\d,]+$/);
    await expect(chart(page, title).locator(".chart-now")).toContainText("(one block more each time it doubles)");
  }
  await page.getByRole("link", { name: "last 15 minutes" }).click();
  await expect(page).toHaveURL(/range=15m/);
  await expect(chart(page, "Memory").getByRole("img", { name: "Memory, last 15 minutes" })).toBeVisible();
  await expect(page.getByRole("link", { name: "last 15 minutes" })).toHaveAttribute("aria-current", "true");
});

test("who used which model is counted, by model, by consumer and by both", async ({ page }) => {
  await open(page, "/agm/monitor");
  expect((await ask("alice")).status).toBe(200);
  const usage = page.locator("#usage");
  const used = usage.getByRole("table", { name: "By model" }).getByRole("row", { name: /deepseek-chat/ });
  await expect(used).toContainText(/[1-9]\d* calls?/, { timeout: 20_000 });
  await page.getByRole("radio", { name: "By consumer" }).check();
  await expect(usage.getByRole("table", { name: "By consumer" }).getByRole("row", { name: /alice/ })).toBeVisible();
  await expect(used).toBeHidden();
  await page.getByRole("radio", { name: "Each pair" }).check();
  await expect(usage.getByRole("row", { name: /deepseek-chat · alice/ })).toBeVisible();
});

test("the tabs of the usage go by the arrow keys, and stay through a renewal", async ({ page }) => {
  await open(page, "/agm/monitor");
  expect((await ask("alice")).status).toBe(200);
  const tabs = page.getByRole("group", { name: "Tokens used" });
  const by = (name: string) => tabs.getByRole("radio", { name });
  const table = (name: string) => page.locator("#usage").getByRole("table", { name });
  await expect(table("By model")).toBeVisible({ timeout: 20_000 });
  await by("By model").focus();
  await page.keyboard.press("ArrowRight");
  await expect(by("By consumer")).toBeFocused();
  await expect(by("By consumer")).toBeChecked();
  await expect(table("By consumer")).toBeVisible();
  await expect(table("By model")).toBeHidden();
  await page.locator("#usage").evaluate((usage) => usage.setAttribute("data-old", ""));
  await expect(page.locator("#usage[data-old]")).toHaveCount(0, { timeout: 20_000 });
  await expect(table("By consumer")).toBeVisible();
  await expect(table("By model")).toBeHidden();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(table("By model")).toBeVisible();
});

test("a pause keeps the page as it is, and its end shows how things are", async ({ page }) => {
  await open(page, "/agm/monitor");
  // A mark that the next renewal takes away.
  const mark = () => page.locator("#figures").evaluate((figures) => figures.setAttribute("data-old", ""));
  const old = page.locator("#figures[data-old]");
  const news = () => page.waitForResponse((answer) => answer.url().endsWith("/agm/monitor") && answer.ok(), { timeout: 20_000 });
  await page.getByLabel("Pause").check();
  await mark();
  await (await news()).finished();
  await (await news()).finished();
  await expect(old).toBeAttached();
  await page.getByLabel("Pause").uncheck();
  await expect(old).not.toBeAttached();
});

test("workers are told with what that rests on, and are found by any of it", async ({ page }) => {
  await open(page, "/agm/monitor");
  const worker = (name: string) => page.locator("#worker-rows").getByRole("row", { name: new RegExp(name) });
  await expect(worker("bob")).toContainText("fix #214");
  await expect(worker("bob")).toContainText("container running");
  await expect(worker("erin")).toContainText("offline");
  await page.getByRole("searchbox", { name: "Find a worker" }).fill("review #219");
  await expect(worker("dave")).toBeVisible();
  await expect(worker("bob")).toBeHidden();
  await page.getByRole("searchbox", { name: "Find a worker" }).fill("nobody is called so");
  await expect(page.locator("#workers").getByText("Nobody fits.")).toBeVisible();
});

test("a search is kept as it was typed", async ({ page }) => {
  await open(page, "/agm/monitor?find=%2541+%26b");
  const find = page.getByRole("searchbox", { name: "Find a worker" });
  await expect(find).toHaveValue("%41 &b");
  await page.getByRole("link", { name: "last 15 minutes" }).click();
  await expect(page).toHaveURL(/range=15m/);
  await expect(find).toHaveValue("%41 &b");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("figures, ranges and the search are there, and no pause", async ({ page }) => {
    await page.goto("/agm/monitor");
    await page.getByRole("searchbox", { name: "Find a worker" }).fill("bob");
    await page.getByRole("searchbox", { name: "Find a worker" }).press("Enter");
    await expect(page.locator("#worker-rows > :visible")).toHaveCount(1);
    await page.getByRole("link", { name: "last 15 minutes" }).click();
    await expect(page.locator("#worker-rows > :visible")).toHaveCount(1);
    await expect(now(page, "Memory")).toHaveText(/^\d+%$/);
    await expect(page.getByLabel("Pause")).toBeHidden();
  });
});
