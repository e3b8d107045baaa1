import { expect, open, test } from "./support/agm.js";

test.use({ refusals: true });

const LANGUAGES = [
  ["en", "Your session has ended.", "Sign in in a new tab"],
  ["zh-CN", "登录已失效。", "在新标签页登录"],
] as const;

for (const [lang, ended, signIn] of LANGUAGES) {
  test(`a form outlasts its session, and is sent after signing in elsewhere (${lang})`, async ({ page, context }) => {
    await open(page, `/agm/providers?lang=${lang}`);
    await page.locator('[data-act*="add_provider"]').first().click();
    const form = page.getByRole("dialog");
    await form.locator("#name").fill("glm-kept");
    await form.locator("#tokens").fill("sk-typed-before");
    expect((await page.request.post("/ni_status/logout", { data: {} })).ok()).toBe(true);
    await form.locator(".dialog-foot .btn.primary").click();
    const notice = form.getByRole("status");
    await expect(notice).toContainText(ended);

    const [tab] = await Promise.all([
      context.waitForEvent("page"),
      notice.getByRole("link", { name: signIn }).click(),
    ]);
    await tab.locator("#username").fill("admin");
    await tab.locator("#password").fill("admin");
    await tab.getByRole("button", { name: lang === "en" ? "Sign in" : "登录", exact: true }).click();
    await expect(tab).toHaveURL(/\/agm\/$/);
    await tab.close();

    await expect(form.locator("#tokens")).toHaveValue("sk-typed-before");
    await form.locator(".dialog-foot .btn.primary").click();
    await expect(page.getByRole("dialog").getByText("provider:glm-kept").first()).toBeVisible();
    await expect(page.getByText(ended)).toHaveCount(0);
  });
}

test("what is typed into the page itself outlasts its session too", async ({ page }) => {
  await open(page, "/agm/backups");
  const name = page.locator("#take-name");
  await name.fill("typed before");
  expect((await page.request.post("/ni_status/logout", { data: {} })).ok()).toBe(true);
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page.getByRole("link", { name: "Sign in in a new tab" })).toBeVisible();
  await expect(name).toHaveValue("typed before");
});
