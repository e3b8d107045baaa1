import { AxeBuilder } from "@axe-core/playwright";
import { expect, open, test } from "./support/agm.js";

const pages = { home: "/agm/", providers: "/agm/providers", models: "/agm/models", login: "/agm/login", "not-found": "/agm/nowhere" };

for (const theme of ["pixel", "cyber", "office"]) {
  for (const width of [1280, 390]) {
    test(`every page in ${theme} at ${width} px fits, and axe finds nothing`, async ({ browser, baseURL }) => {
      const context = await browser.newContext({ viewport: { width, height: 860 }, reducedMotion: "reduce", baseURL });
      await context.addInitScript((name) => localStorage.setItem("agm-theme", name), theme);
      const page = await context.newPage();
      await page.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
      for (const [name, path] of Object.entries(pages)) {
        await open(page, path);
        await page.evaluate(() => document.fonts.ready);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(over, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
        await page.screenshot({ path: `screenshots/${name}-${theme}-${width}.png`, fullPage: true });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.target) })), name).toEqual([]);
      }
      await context.close();
    });
  }
}
