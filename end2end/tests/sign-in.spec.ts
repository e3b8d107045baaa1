import { alive, expect, test } from "./support/agm.js";

test.use({ signedIn: false });

test("who is not signed in comes to the sign-in page, which tells the sandbox's account", async ({ page }) => {
  await page.goto("/agm/");
  await expect(page).toHaveURL(/\/agm\/login/);
  await expect(page.getByText("Sign in as admin with the password admin")).toBeVisible();
  await alive(page);
  await page.getByLabel("User").fill("admin");
  await page.getByLabel("Password").fill("admin");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "The office" })).toBeVisible();
  await alive(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/agm\/login/);
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a wrong password is said, and what was typed stays", async ({ page }) => {
    await page.goto("/agm/login");
    await alive(page);
    await page.getByLabel("User").fill("admin");
    await page.getByLabel("Password").fill("guess");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toContainText("password is wrong");
    await expect(page.getByLabel("User")).toHaveValue("admin");
  });
});
