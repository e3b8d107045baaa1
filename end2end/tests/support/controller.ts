import type { Page } from "@playwright/test";
import { expect, test } from "./agm.js";
import { OwnServer } from "../../own-server.mjs";

/** A server with a controller of this generation behind it. */
export function behindController(generation: string, tests: (url: () => string) => void) {
  test.describe(`HiClaw ${generation}`, () => {
    let server: OwnServer;
    test.beforeAll(async () => {
      test.setTimeout(120_000);
      server = await OwnServer.start(["--generation", generation]);
    });
    test.afterAll(() => server.stop());
    test.beforeEach(async ({ page }) => {
      const account = { username: "admin", password: "admin" };
      expect((await page.request.post(`${server.url}/ni_status/login`, { data: account })).status()).toBe(204);
    });
    tests(() => server.url);
  });
}

/** The name and adapter of the HiClaw behind, in the head of every page. */
export const badge = (page: Page) => page.getByRole("banner").getByRole("link", { name: /^HiClaw \d/ });

/** The row of an agent. */
export const row = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: new RegExp(`^${name}\\b`) }) });
