import { expect, test } from "./support/agm.js";

for (const [path, heading, text] of [
  ["/agm/", "The office", "qwen3.5-plus"],
  ["/agm/providers", "Providers", "api.deepseek.com"],
  ["/agm/models", "Models", "deepseek-chat"],
  ["/agm/routes", "Routes", "default-ai-route"],
  ["/agm/monitor", "Monitor", "Requests a minute"],
  ["/agm/backups", "Backups", "How things were before each change"],
  ["/agm/drift", "Drift", "not as they were recorded"],
  ["/agm/doctor", "Doctor", "Every part looked at"],
  ["/agm/activity", "Activity", "agm history --verify"],
]) {
  test(`${path} can be read without script`, async ({ page }) => {
    await page.goto(path);
    await expect(page.getByRole("heading", { name: heading }).first()).toBeVisible();
    await expect(page.getByRole("main").getByText(text).first()).toBeVisible();
  });
}

test("what only script does to marked rows is not offered", async ({ page }) => {
  await page.goto("/agm/models");
  await expect(page.getByRole("row", { name: /alice/ })).toBeVisible();
  await expect(page.locator(".marked-bar")).toBeHidden();
});

test("that what lies in this browser needs script is said", async ({ page }) => {
  await page.goto("/agm/backups");
  // Playwright reads no text in a <noscript> from outside of it.
  const said = page.getByRole("region", { name: "In this browser" }).locator("noscript .note");
  await expect(said).toBeVisible();
  await expect(said).toContainText("is shown with JavaScript only");
});

test.describe("signed out", () => {
  test.use({ signedIn: false });

  test("the sign-in form works without script", async ({ page }) => {
    await page.goto("/agm/login");
    await page.getByLabel("User").fill("admin");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toContainText("password is wrong");
    await page.getByLabel("User").fill("admin");
    await page.getByLabel("Password").fill("admin");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "The office" })).toBeVisible();
  });
});
