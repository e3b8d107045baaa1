import { expect, open, test } from "./support/agm.js";

test("the office shows everybody with status, model and trouble", async ({ page }) => {
  await open(page, "/agm/");
  const desk = (name: string) => page.getByRole("article", { name });
  await expect(desk("alice")).toContainText("deepseek-chat");
  await expect(desk("bob")).toContainText("fix #214");
  await expect(desk("carol")).toContainText("asleep");
  await expect(desk("dave")).toContainText("consumer worker-dave is not allowed");
  await expect(desk("erin")).toContainText("offline");
  await expect(page.getByRole("list", { name: "Systems" }).getByRole("listitem")).toHaveCount(4);
});

test("the alarm shows the repair of dave's access before anything is changed", async ({ page }) => {
  await open(page, "/agm/");
  await expect(page.getByRole("alert")).toContainText("dave cannot reach its model");
  await page.getByRole("button", { name: "Show the repair" }).click();
  const plan = page.getByRole("dialog", { name: "Repair access: worker-dave" });
  await expect(plan).toContainText("worker-dave");
  await expect(plan.getByRole("button", { name: "Apply" })).toBeVisible();
  await plan.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("alert")).toContainText("dave cannot reach its model");
});

test("a theme is switched at once and is there before the first paint of the next load", async ({ page }) => {
  await open(page, "/agm/");
  await page.getByRole("button", { name: "Cyber" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "cyber");
  const cyber = await page.evaluate(() => getComputedStyle(document.body.parentElement!).backgroundColor);
  // The theme is looked at when the parser meets the body: before anything was painted, before WebAssembly was loaded.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.body) return;
      sessionStorage.setItem("first", document.documentElement.dataset.theme ?? "");
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  await open(page, "/agm/");
  expect(await page.evaluate(() => sessionStorage.getItem("first"))).toBe("cyber");
  expect(await page.evaluate(() => getComputedStyle(document.body.parentElement!).backgroundColor)).toBe(cyber);
  await expect(page.getByRole("button", { name: "Cyber" })).toHaveAttribute("aria-pressed", "true");
});
