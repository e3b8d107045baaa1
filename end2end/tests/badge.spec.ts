import { expect, open, test } from "./support/agm.js";
import { violations } from "./support/axe.js";
import { badge, behindController } from "./support/controller.js";

behindController("1.2", (url) => {
  test("the badge names generation and adapter, and shows what that rests on", async ({ page }) => {
    await open(page, `${url()}/agm/`);
    await expect(badge(page)).toHaveText("HiClaw 1.2 · controller");
    const why = page.getByRole("tooltip");
    await expect(why).toBeHidden();
    await badge(page).focus();
    await expect(why).toBeVisible();
    await expect(why).toContainText("/api/v1/projects");
    await badge(page).click();
    await expect(page).toHaveURL(/\/agm\/doctor/);
    await expect(page.getByRole("region", { name: "Installation", exact: true })).toContainText("HiClaw 1.2, switched by controller");
  });

  test("what it rests on can be pointed at, and goes away by Escape until it is pointed at anew", async ({ page }) => {
    await open(page, `${url()}/agm/`);
    const why = page.getByRole("tooltip");
    await badge(page).hover();
    await expect(why).toBeVisible();
    await why.hover();
    await expect(why).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(why).toBeHidden();
    await page.getByRole("main").hover();
    await badge(page).hover();
    await expect(why).toBeVisible();
  });

  for (const { width, language } of [
    { width: 1280, language: "en" },
    { width: 390, language: "zh-CN" },
  ]) {
    test(`with what it rests on axe finds nothing, at ${width} px in ${language}`, async ({ page }) => {
      await page.setViewportSize({ width, height: 860 });
      await open(page, `${url()}/agm/?lang=${language}`);
      await badge(page).focus();
      await expect(page.getByRole("tooltip")).toBeVisible();
      await expect(page.getByRole("tooltip").locator("p").first()).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await page.screenshot({ path: `screenshots/badge-${width}-${language}.png` });
      expect(await violations(page)).toEqual([]);
    });
  }
});
