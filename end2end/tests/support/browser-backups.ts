import type { BrowserContext, Page } from "@playwright/test";
import { expect, test as base } from "./agm.js";

export const BACKUPS = "/ni_status/backups";
export const PREFIX = "agm-backup:";
export const CLEAR_TEXT = "ai-gateway-backup";

export const section = (page: Page) => page.getByRole("region", { name: "In this browser" });
/** The copies in this browser, newest first. */
export const rows = (page: Page) => section(page).locator("li.held");
export const row = (page: Page, name: string) => rows(page).filter({ hasText: name });

/** Takes a backup through the API. */
export async function take(page: Page, name: string): Promise<string> {
  const answer = await page.request.post(BACKUPS, { data: { name } });
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).backup.id;
}

/** The ids of the backups that lie in the browser, oldest first. */
export async function kept(page: Page): Promise<string[]> {
  const keys = await page.evaluate(() => Object.keys(localStorage));
  return keys.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length)).sort();
}

export const item = (page: Page, key: string) => page.evaluate((key) => localStorage.getItem(key), key);

/** Puts texts there as another program would, before anything of a page runs. */
export async function plant(context: BrowserContext, texts: Record<string, string>) {
  const put = (texts: Record<string, string>) => {
    if (sessionStorage.getItem("planted")) return;
    sessionStorage.setItem("planted", "yes");
    for (const [key, text] of Object.entries(texts)) localStorage.setItem(key, text);
  };
  await context.addInitScript(put, texts);
}

export async function unfold(page: Page, name: string) {
  await row(page, name).getByText("More", { exact: true }).click();
}

/** Of the server's backups nothing is left over. */
export async function clear(page: Page) {
  const { backups } = await (await page.request.get(BACKUPS)).json();
  for (const { id } of backups) {
    await page.request.post(`${BACKUPS}/${id}/unpin`, { data: {} });
    expect((await page.request.post(`${BACKUPS}/${id}/delete`, { data: {} })).status()).toBe(204);
  }
}

/** Fills the storage with foreign texts to a share of its room; tells what lies there. */
export const fill = (page: Page, share: number) =>
  page.evaluate((share) => {
    const put = (key: string, length: number) => {
      try {
        localStorage.setItem(key, "x".repeat(length));
        return true;
      } catch {
        return false;
      }
    };
    let room = 0;
    for (let step = 1 << 22; step > 0; step >>= 1) if (put("foreign", room + step)) room += step;
    put("foreign", Math.floor(room * share));
    return localStorage.getItem("foreign")!.length;
  }, share);

/** Every form in which a secret could lie in a text. */
export const forms = (secret: string) => {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].map((by) => {
    const text = Buffer.concat([Buffer.alloc(by), bytes]).toString("base64");
    // What stands at the ends depends on the neighbours.
    return text.slice(by === 0 ? 0 : by + 1, text.length - 4);
  });
  const url = shifted.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [secret, ...shifted, ...url, bytes.toString("hex"), [...secret].reverse().join("")];
};

export const dump = (page: Page) => page.evaluate(() => JSON.stringify({ ...localStorage }));

/** Before and after each test the server has no backups. */
export const test = base.extend<{ cleared: void }>({
  cleared: [
    async ({ page }, use) => {
      await clear(page);
      await use();
      await clear(page);
    },
    { auto: true },
  ],
});
