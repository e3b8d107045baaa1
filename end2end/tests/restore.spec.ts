import type { Page } from "@playwright/test";
import { expect, open, setModel, test } from "./support/agm.js";

const API = "/ni_status";
const dialog = (page: Page) => page.getByRole("dialog", { name: "Restore" });
const keys = (page: Page) => dialog(page).getByRole("group", { name: "Keys of zhipuai" });

async function take(page: Page, name: string): Promise<string> {
  const answer = await page.request.post(`${API}/backups`, { data: { name } });
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).backup.id;
}

async function add(page: Page, key: string) {
  const answer = await page.request.post(`${API}/providers`, { data: { name: "zhipuai", type: "zhipuai", tokens: [key] } });
  expect(answer.status(), await answer.text()).toBe(201);
}

async function remove(page: Page, name: string) {
  const answer = await page.request.delete(`${API}/providers/${name}`);
  expect([200, 404]).toContain(answer.status());
}

async function fingerprints(page: Page, name: string): Promise<string[]> {
  const answer = await page.request.get(`${API}/providers/${name}`);
  return answer.status() === 200 ? (await answer.json()).provider.tokens.fingerprints : [];
}

async function replaceKey(page: Page, key: string) {
  const answer = await page.request.put(`${API}/providers/zhipuai`, { data: { tokens: [key] } });
  expect(answer.status(), await answer.text()).toBe(200);
}

/** Opens the comparison with a backup. */
async function compare(page: Page, id: string) {
  await open(page, `/agm/backups?compare=${id}`);
}

async function apply(page: Page) {
  await dialog(page).getByRole("button", { name: "Apply" }).click();
  await expect(dialog(page)).toContainText("Done, and read back.");
  await dialog(page).getByRole("button", { name: "Done", exact: true }).click();
}

test.afterEach(async ({ page }) => {
  await setModel(page, "alice", "deepseek", "deepseek-chat");
  await remove(page, "zhipuai");
  await remove(page, "glm-old");
  const { backups } = await (await page.request.get(`${API}/backups`)).json();
  for (const { id } of backups) await page.request.post(`${API}/backups/${id}/delete`, { data: {} });
});

test("the keys of a provider are chosen, and the plan is made anew with them", async ({ page }) => {
  await add(page, "sk-first-123456789");
  const first = await fingerprints(page, "zhipuai");
  const id = await take(page, "first key");
  await replaceKey(page, "sk-second-12345678");
  const second = await fingerprints(page, "zhipuai");
  await compare(page, id);
  const item = page.getByRole("checkbox", { name: /Provider zhipuai other keys/ });
  await item.check();
  await page.getByRole("button", { name: "Restore what is marked: 1" }).click();
  await expect(keys(page).getByRole("radio", { name: `keep the present ones ${second[0]}` })).toBeChecked();
  await expect(dialog(page)).toContainText("Nothing has to change.");

  await keys(page).getByRole("radio", { name: `those of the backup ${first[0]}` }).check();
  await expect(dialog(page).getByRole("button", { name: "Apply" })).toHaveCount(0);
  await dialog(page).getByRole("button", { name: "Plan with these keys" }).click();
  await expect(dialog(page).getByRole("region", { name: "What will change" })).toBeFocused();
  await expect(dialog(page).locator(".diff")).toContainText("provider:zhipuai");
  await expect(keys(page).getByRole("radio", { name: /those of the backup/ })).toBeChecked();
  await apply(page);
  expect(await fingerprints(page, "zhipuai")).toEqual(first);
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a new key is typed, and what cannot be one is told beside the choice", async ({ page }) => {
    await add(page, "sk-first-123456789");
    const id = await take(page, "first key");
    const first = await fingerprints(page, "zhipuai");
    await remove(page, "zhipuai");
    await compare(page, id);
    await page.getByRole("button", { name: "Restore all of it" }).click();
    await expect(keys(page).getByRole("radio", { name: /keep the present ones/ })).toHaveCount(0);
    await expect(keys(page).getByRole("radio", { name: /those of the backup/ })).toBeChecked();
    await keys(page).getByRole("radio", { name: "new" }).check();
    const plan = dialog(page).getByRole("button", { name: "Plan with these keys" });
    await plan.click();
    await expect(dialog(page).getByRole("alert")).toContainText("type the new key");
    const typed = keys(page).getByLabel("New key");
    await typed.fill("sk-***");
    await plan.click();
    await expect(dialog(page).getByRole("alert")).toContainText("masked key");
    await expect(typed).toHaveValue("sk-***");
    await typed.fill("sk-third-123456789");
    await typed.press("Enter");
    await expect(keys(page).getByRole("radio", { name: "new" })).toBeChecked();
    await expect(page.locator("body")).not.toContainText("sk-third");
    await apply(page);
    const now = await fingerprints(page, "zhipuai");
    expect(now.length === 1 && now[0] !== first[0]).toBe(true);
  });
});

test("a provider comes back under another name, and what is there stays", async ({ page }) => {
  await add(page, "sk-first-123456789");
  const first = await fingerprints(page, "zhipuai");
  const id = await take(page, "first key");
  await replaceKey(page, "sk-second-12345678");
  const second = await fingerprints(page, "zhipuai");
  await compare(page, id);
  const line = page.locator(".compared-items li").filter({ hasText: "zhipuai" }).first();
  await line.getByText("Under another name…").click();
  await line.getByLabel("New name of zhipuai").fill("glm-old");
  await expect(line.getByRole("checkbox")).toBeChecked();
  await page.getByRole("button", { name: "Restore what is marked: 1" }).click();
  await expect(dialog(page).locator(".diff")).toContainText("provider:glm-old");
  await apply(page);
  expect(await fingerprints(page, "glm-old")).toEqual(first);
  expect(await fingerprints(page, "zhipuai")).toEqual(second);
});

test("what an item needs and is not there is brought along", async ({ page }) => {
  await add(page, "sk-first-123456789");
  const id = await take(page, "with its route");
  await remove(page, "zhipuai");
  await compare(page, id);
  const route = page.getByRole("checkbox", { name: /Route zhipuai-ai-route/ });
  await expect(page.locator(".compared-needs")).toContainText("brings along provider:zhipuai");
  await route.check();
  await expect(page.getByRole("checkbox", { name: /Provider zhipuai/ })).toBeChecked();
  await page.getByRole("button", { name: "Restore what is marked: 2" }).click();
  await expect(dialog(page)).toContainText("Keys of the backup");
  await apply(page);
  expect(await fingerprints(page, "zhipuai")).toHaveLength(1);
});

test("a reset goes back to the last backup that differs", async ({ page }) => {
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await open(page, "/agm/backups");
  await page.getByRole("button", { name: /^Reset the backup of / }).click();
  await expect(dialog(page).getByRole("region", { name: "What will change" })).toContainText("deepseek-chat");
  await apply(page);
  const { observed } = await (await page.request.get(`${API}/assignment/workers/alice`)).json();
  expect(observed.model).toBe("deepseek-chat");
});

test.describe("in Chinese, on a narrow screen", () => {
  test.use({ locale: "zh-CN", viewport: { width: 390, height: 844 } });

  test("the choice of keys and names fits and is translated", async ({ page }) => {
    await add(page, "sk-first-123456789");
    const id = await take(page, "narrow");
    await remove(page, "zhipuai");
    await compare(page, id);
    await page.getByText("换用其他名称…").first().click();
    await expect(page.getByLabel("zhipuai 的新名称")).toBeVisible();
    await page.getByRole("button", { name: "全部恢复" }).click();
    const choice = page.getByRole("group", { name: "zhipuai 的密钥" });
    await expect(choice.getByRole("radio", { name: /使用备份中的密钥/ })).toBeChecked();
    await expect(page.getByRole("dialog")).toContainText("zhipuai 当前没有密钥，将使用备份中的密钥。");
    const surplus = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await surplus()).toBeLessThanOrEqual(0);
    await page.keyboard.press("Escape");
  });
});
