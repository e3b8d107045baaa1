import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, hold, open, setModel } from "./support/agm.js";
import { BACKUPS, PREFIX, clear, item, kept, plant, row, rows, section, take, test, unfold } from "./support/browser-backups.js";

test("a backup is kept by every page as soon as the server has it, and shows in other tabs", async ({ page, context }) => {
  await open(page, "/agm/backups");
  await expect(section(page)).toContainText("0 of 20 places");
  const other = await context.newPage();
  await open(other, "/agm/providers");
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("before alice » deepseek-reasoner · admin");
  await expect(rows(page)).toContainText(/\d+ providers · \d+ routes · \d+ agents · \d+\.\d KB/);

  // The page about providers alone keeps the next one, and this one, which is elsewhere meanwhile, comes back to it.
  await page.goto("about:blank");
  await setModel(other, "alice", "deepseek", "deepseek-chat");
  await expect.poll(() => kept(other)).toHaveLength(2);
  await open(page, "/agm/backups");
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText("before alice » deepseek-chat");
});

test("a page that is at rest keeps what was taken before it was opened", async ({ page }) => {
  const id = await take(page, "earlier");
  await open(page, "/agm/models");
  await expect.poll(() => kept(page)).toEqual([id]);
});

test("a copy is checked, pinned and unpinned, and removed for good after a question", async ({ page }) => {
  const id = await take(page, "good start");
  await open(page, "/agm/backups");
  await unfold(page, "good start");
  await row(page, "good start").getByRole("button", { name: "Check" }).click();
  await expect(row(page, "good start").getByRole("status")).toContainText(/The server opened it: it is whole. \d+ providers .* \d+ keys/);

  const pin = row(page, "good start").getByRole("button", { name: "Pin: the copy of good start in this browser" });
  await pin.press("Enter");
  await expect(row(page, "good start").locator(".pinned")).toBeVisible();
  const unpin = row(page, "good start").getByRole("button", { name: "Unpin: the copy of good start" });
  await expect(unpin).toBeFocused();
  await expect(section(page)).toContainText("0 of 20 places · 1 pinned");
  await unpin.press("Enter");
  await expect(row(page, "good start").locator(".pinned")).toHaveCount(0);

  await row(page, "good start").getByText("Remove…").click();
  await expect(row(page, "good start")).toContainText("The server keeps its own.");
  await row(page, "good start").getByRole("button", { name: "Remove it" }).click();
  await expect(rows(page)).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "In this browser" })).toBeFocused();
  // It is not wanted again, and what comes after it is.
  const next = await take(page, "next");
  await expect.poll(() => kept(page)).toEqual([next]);
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await clear(page);
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("removed")))).toEqual([]);
  expect(await kept(page)).toEqual([next]);
  expect(id).not.toEqual(next);
});

test("a copy that is removed while newer ones are fetched does not come back", async ({ page }) => {
  await take(page, "older");
  await open(page, "/agm/backups");
  await expect(row(page, "older")).toHaveCount(1);
  const { asked, answer } = await hold(page, /\/sealed$/);
  const newer = await take(page, "newer");
  await asked;
  await unfold(page, "older");
  await row(page, "older").getByText("Remove…").click();
  await row(page, "older").getByRole("button", { name: "Remove it" }).click();
  await expect(rows(page)).toHaveCount(0);
  const looked = page.waitForRequest(`**${BACKUPS}`);
  await answer();
  await expect(row(page, "newer")).toHaveCount(1);
  // What comes next is looked for when all of this is over.
  const next = await take(page, "next");
  await looked;
  await expect(row(page, "next")).toHaveCount(1);
  expect(await kept(page)).toEqual([newer, next]);
});

test("what is odd stays open, with the focus in it, while backups come", async ({ page, context }) => {
  await plant(context, { [`${PREFIX}hello`]: "somebody's" });
  await open(page, "/agm/backups");
  await page.getByText("1 thing here looks like a backup and is none").click();
  const remove = section(page).getByRole("button", { name: `Remove it ${PREFIX}hello` });
  await remove.focus();
  await take(page, "coming");
  await expect(row(page, "coming")).toHaveCount(1);
  await expect(remove).toBeFocused();
});

test("a file that the browser does not save is told of in its row", async ({ page }) => {
  await page.addInitScript(() => {
    URL.createObjectURL = () => {
      throw new TypeError("refused for a test");
    };
  });
  await take(page, "not saved");
  await open(page, "/agm/backups");
  await unfold(page, "not saved");
  await row(page, "not saved").getByRole("button", { name: "Download: the copy of not saved" }).click();
  await expect(row(page, "not saved").getByRole("status")).toHaveText("This browser did not save the file.");
});

test.describe("a server that does not tell what it has", () => {
  test.use({ refusals: true });

  test("is not said to lack a backup", async ({ page }) => {
    await take(page, "perhaps there");
    await open(page, "/agm/backups");
    await expect(row(page, "perhaps there")).toHaveCount(1);
    await page.route(`**${BACKUPS}`, (route) => route.abort());
    await page.reload();
    await unfold(page, "perhaps there");
    await row(page, "perhaps there").getByText("Remove…").click();
    await expect(row(page, "perhaps there")).toContainText("The server has not said whether it has this backup.");
  });
});

test("a name that is given on the server is that of the copy", async ({ page }) => {
  const id = await take(page, "old name");
  await open(page, "/agm/backups");
  await expect(row(page, "old name")).toHaveCount(1);
  await page.request.post(`${BACKUPS}/${id}/rename`, { data: { name: "new name" } });
  await expect(row(page, "new name")).toHaveCount(1);
});

test("what the server has lost is brought back, and compared", async ({ page }) => {
  const id = await take(page, "to come back");
  await open(page, "/agm/backups");
  await expect(row(page, "to come back")).toHaveCount(1);
  await expect(row(page, "to come back")).not.toContainText("only here");
  await clear(page);
  await expect(row(page, "to come back")).toContainText("only here");
  await row(page, "to come back").getByRole("button", { name: "Bring back" }).click();
  await expect(page).toHaveURL(new RegExp(`compare=${id}`));
  await expect(page.getByRole("region", { name: "This backup and now" })).toContainText("Everything in this backup is as it is now.");
  await expect(row(page, "to come back")).not.toContainText("only here");
});

test("a file that was downloaded comes back by the form of imports", async ({ page }) => {
  const id = await take(page, "to carry");
  await open(page, "/agm/backups");
  await unfold(page, "to carry");
  const started = page.waitForEvent("download");
  await row(page, "to carry").getByRole("button", { name: "Download: the copy of to carry" }).click();
  const download = await started;
  expect(download.suggestedFilename()).toBe(`agm-backup-${id}.sealed.json`);
  const file = await download.path();
  await clear(page);
  await page.getByText("Import a file").click();
  await page.getByLabel("File", { exact: true }).setInputFiles(file);
  await expect(page.getByLabel("Its text")).toHaveValue(readFileSync(file, "utf8"));
  await page.locator(".backup-import").getByRole("button", { name: "Import" }).click();
  await expect(page.locator(`#b-${id}`)).toBeVisible();
});

test("the newest twenty are kept, and those that are pinned", async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, "/agm/backups");
  const ids = [await take(page, "number 0"), await take(page, "number 1")];
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Pin: the copy of number 0 in this browser" }).click();
  await expect(section(page)).toContainText("1 of 20 places · 1 pinned");
  for (let number = 2; number < 25; number += 1) ids.push(await take(page, `number ${number}`));
  await expect.poll(() => kept(page)).toEqual([ids[0], ...ids.slice(-20)]);
  await expect(section(page)).toContainText("20 of 20 places · 1 pinned");
});

test("two tabs that keep two hundred backups lose none", async ({ page, context }) => {
  test.setTimeout(300_000);
  // Which tab wrote what, as the browser saw it.
  await context.addInitScript(() => {
    const set = Storage.prototype.setItem;
    Object.assign(window, { wrote: [] });
    Storage.prototype.setItem = function (key, text) {
      set.call(this, key, text);
      if (key.startsWith("agm-backup:")) (window as unknown as { wrote: string[] }).wrote.push(key);
    };
  });
  const other = await context.newPage();
  await open(page, "/agm/backups");
  await open(other, "/agm/monitor");
  const ids: string[] = [];
  while (ids.length < 200) {
    const batch: string[] = [];
    for (let number = 0; number < 10; number += 1) batch.push(await take(page, `number ${ids.length + number}`));
    // More than the ring holds: each is pinned, as a person could.
    await page.evaluate((batch) => batch.forEach((id) => localStorage.setItem(`agm-backup-pin:${id}`, "1")), batch);
    ids.push(...batch);
    await expect.poll(async () => (await kept(page)).slice(-10)).toEqual(batch);
  }
  expect(await kept(page)).toEqual(ids);
  const wrote = (tab: Page) => tab.evaluate(() => (window as unknown as { wrote: string[] }).wrote.length);
  expect(await wrote(page)).toBeGreaterThan(20);
  expect(await wrote(other)).toBeGreaterThan(20);
  // Each is whole: the server opens it.
  for (const id of ids) {
    const { backup } = JSON.parse((await item(page, PREFIX + id))!);
    expect((await page.request.post(`${BACKUPS}/verify`, { data: { sealed: backup } })).status(), id).toBe(200);
  }
});

test("a browser that keeps nothing says so, and everything else works", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  await open(page, "/agm/backups");
  await expect(section(page)).toContainText("This browser keeps nothing for this page");
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page.locator("#backups li.backup")).toHaveCount(1);
  await expect(section(page)).toContainText("This browser keeps nothing for this page");
});

test("a theme is chosen also where the browser does not keep it", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", { get: () => null });
  });
  const warned = page.waitForEvent("console", (message) => message.text().includes("does not keep the theme"));
  await page.addInitScript(() => {
    console.warn = console.info;
  });
  await open(page, "/agm/");
  await page.locator("[data-theme-name='cyber']").click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "cyber");
  await warned;
});

test("what is no backup is shown as that, and stays until a person removes it", async ({ page, context }) => {
  const torn = `${PREFIX}01JD0000000000000000000000`;
  await plant(context, { [torn]: '{"backup":', [`${PREFIX}hello`]: "somebody's", notes: "somebody's" });
  await open(page, "/agm/backups");
  const id = await take(page, "sound");
  await expect(row(page, "sound")).toHaveCount(1);
  await page.getByText("2 things here look like backups and are none").click();
  const odd = section(page).locator(".here-odd li");
  await expect(odd).toHaveCount(2);
  await expect(odd.first()).toContainText(torn);
  await odd.first().getByRole("button", { name: "Remove it" }).click();
  await expect(page.getByText("1 thing here looks like a backup and is none")).toBeVisible();
  expect(await kept(page)).toEqual([id, "hello"]);
  expect(await item(page, "notes")).toBe("somebody's");
});

test("in Chinese, it speaks Chinese", async ({ browser, baseURL, page }) => {
  await take(page, "name");
  const context = await browser.newContext({ locale: "zh-CN", baseURL });
  await context.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
  const chinese = await context.newPage();
  await open(chinese, "/agm/backups");
  const part = chinese.getByRole("region", { name: "在此浏览器中" });
  await expect(part).toContainText("已用 1 / 20 个位置");
  await part.locator(".backup-more summary").first().click();
  await part.getByRole("button", { name: "校验" }).click();
  await expect(part.getByRole("status").last()).toContainText("服务器已成功打开");
  await context.close();
});
