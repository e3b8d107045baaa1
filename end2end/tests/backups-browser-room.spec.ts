import { expect, open } from "./support/agm.js";
import { BACKUPS, fill, item, kept, row, rows, section, take, test } from "./support/browser-backups.js";

test("a storage that others have filled by half keeps as many as any", async ({ page }) => {
  await open(page, "/agm/backups");
  const length = await fill(page, 0.5);
  const ids = [];
  for (let number = 0; number < 20; number += 1) ids.push(await take(page, `number ${number}`));
  await expect.poll(() => kept(page)).toEqual(ids);
  expect((await item(page, "foreign"))!.length).toBe(length);
});

test("a storage that others have filled to 99 % keeps the newest that fit, and asks for no others", async ({ page }) => {
  await open(page, "/agm/backups");
  const length = await fill(page, 0.99);
  const ids: string[] = [];
  for (let number = 0; number < 25; number += 1) ids.push(await take(page, `number ${number}`));
  await expect.poll(async () => (await kept(page)).at(-1)).toBe(ids.at(-1));
  const held = await kept(page);
  expect(held.length).toBeGreaterThan(4);
  expect(held.length).toBeLessThan(20);
  await expect.poll(() => kept(page)).toEqual(ids.slice(-held.length));
  await expect(rows(page)).toHaveCount(held.length);
  expect((await item(page, "foreign"))!.length).toBe(length);

  // Nothing is wrong with that, and no page tries what did not fit once more.
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const lists = () => asked.filter((path) => path === BACKUPS).length;
  for (let load = 1; load < 3; load += 1) {
    await page.reload();
    await expect.poll(lists).toBe(load);
    await expect(rows(page)).toHaveCount(held.length);
  }
  await expect(section(page).locator(".warn")).toHaveCount(0);
  // The next one is wanted as ever.
  const next = await take(page, "next");
  await expect.poll(async () => (await kept(page)).at(-1)).toBe(next);
  await expect(row(page, "next")).toHaveCount(1);
  await expect(section(page).locator(".warn")).toHaveCount(0);
  expect(asked.filter((path) => path.endsWith("/sealed") && !path.includes(next)).length).toBeLessThan(2);
});

test("a storage that others have filled keeps nothing, says so, and loses nothing of theirs", async ({ page }) => {
  await open(page, "/agm/backups");
  const length = await fill(page, 1);
  await take(page, "left out");
  await expect(section(page)).toContainText("This browser has no room for another backup");
  expect(await kept(page)).toEqual([]);
  expect((await item(page, "foreign"))!.length).toBe(length);
  await page.evaluate(() => localStorage.removeItem("foreign"));
  await take(page, "room");
  await expect(rows(page)).toHaveCount(2);
  await expect(section(page)).not.toContainText("has no room");
});

for (const [what, stub] of [
  ["writes something else", "const set = Storage.prototype.setItem; Storage.prototype.setItem = function (key, text) { set.call(this, key, key.startsWith('agm-backup:') ? text.slice(1) : text); };"],
  ["reads something else", "const get = Storage.prototype.getItem; Storage.prototype.getItem = function (key) { const text = get.call(this, key); return key.startsWith('agm-backup:') && text ? text.slice(1) : text; };"],
]) {
  test(`a browser that ${what} has kept nothing, and says so`, async ({ page }) => {
    await page.addInitScript(stub);
    await take(page, "not kept");
    await open(page, "/agm/backups");
    await expect(section(page)).toContainText("what was read back is not what was written");
    expect(await kept(page)).toEqual([]);
  });
}
