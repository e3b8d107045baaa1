import { readFileSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, open, sandbox, test } from "./support/agm.js";

const items = (page: Page) => page.locator(".drift-item");
const item = (page: Page, name: string) => items(page).filter({ hasText: name });
const MANAGER = { provider: "qwen", model: "qwen3.5-plus" };

/** Gives the Manager another model behind our back. */
function meddle(to: string) {
  const { config } = sandbox().manager;
  const text = readFileSync(config, "utf8");
  const primary = /"primary": "hiclaw-gateway\/[^"]+"/;
  expect(text).toMatch(primary);
  writeFileSync(config, text.replace(primary, `"primary": "hiclaw-gateway/${to}"`));
}

/** Calls the sandbox's console as its admin. */
async function console_(method: string, path: string, body?: object) {
  const { console: base, admin } = sandbox();
  const authorization = `Basic ${btoa(`${admin.user}:${admin.password}`)}`;
  const headers = { authorization, "content-type": "application/json" };
  const answer = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  expect(answer.ok).toBe(true);
  return answer.json();
}

/** Lets the provider moonshot have this setting; empty: none. */
async function setSetting(setting: object) {
  const { data } = await console_("GET", "/v1/ai/providers");
  const moonshot = data.find((provider: { name: string }) => provider.name === "moonshot");
  const { moonshotFileId: _, ...rawConfigs } = moonshot.rawConfigs ?? {};
  await console_("PUT", "/v1/ai/providers/moonshot", { ...moonshot, rawConfigs: { ...rawConfigs, ...setting } });
}

async function clear(page: Page) {
  const { backups } = await (await page.request.get("/ni_status/backups")).json();
  for (const { id } of backups) await page.request.post(`/ni_status/backups/${id}/delete`, { data: {} });
}

test.beforeEach(async ({ page }) => clear(page));

test.afterEach(async ({ page }) => {
  await setSetting({});
  const put = await page.request.put("/ni_status/assignment/manager", { data: MANAGER });
  expect(put.status(), await put.text()).toBe(200);
  await clear(page);
});

test("a model that somebody changed is told with what each side says, and repaired", async ({ page }) => {
  meddle("qwen-max");
  await open(page, "/agm/drift");
  const manager = item(page, "does not run what was recorded");
  await expect(manager).toContainText("Our note");
  await expect(manager).toContainText("qwen3.5-plus");
  await expect(manager).toContainText("hiclaw-gateway/qwen-max");
  await manager.getByRole("button", { name: "Repair Manager" }).click();
  const plan = page.getByRole("dialog");
  await expect(plan).toContainText("qwen3.5-plus");
  await plan.getByRole("button", { name: "Apply" }).click();
  await expect(plan).toContainText("Done, and read back.");
  await expect(manager).toHaveCount(0);
  expect(readFileSync(sandbox().manager.config, "utf8")).toContain('"hiclaw-gateway/qwen3.5-plus"');
});

test("a model that somebody changed is accepted, and nothing but the note is written", async ({ page }) => {
  meddle("qwen-max");
  await open(page, "/agm/");
  await expect(page.getByRole("link", { name: "1 drift" })).toBeVisible();
  await open(page, "/agm/drift");
  await page.getByRole("button", { name: "Accept Manager" }).click();
  const plan = page.getByRole("dialog", { name: "Accept model: Manager" });
  await expect(plan.locator(".diff-object")).toHaveCount(1);
  await expect(plan).toContainText("agents/manager/model.json");
  await plan.getByRole("button", { name: "Apply" }).click();
  await expect(plan).toContainText("Done, and read back.");
  await expect(item(page, "does not run what was recorded")).toHaveCount(0);
  expect(readFileSync(sandbox().manager.config, "utf8")).toContain('"primary": "hiclaw-gateway/qwen-max"');
});

test("what others changed is told with its differences until a backup has it", async ({ page }) => {
  await open(page, "/agm/drift");
  await expect(page.getByText("nobody can tell what others changed")).toBeVisible();
  await expect(page.getByText("Everything is as it was recorded")).toHaveCount(0);
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page.getByText("Nothing but our own changes.")).toBeVisible();
  await setSetting({ moonshotFileId: "file-1" });
  const moonshot = item(page, "moonshot");
  await expect(moonshot).toBeVisible();
  await expect(moonshot.getByText("file-1")).toBeHidden();
  await moonshot.getByText("Differences").click();
  await expect(moonshot.getByText("file-1")).toBeVisible();
  await expect(moonshot.getByRole("button", { name: "Back to the backup moonshot" })).toBeVisible();
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(moonshot).toHaveCount(0);
  await expect(page.getByText("Nothing but our own changes.")).toBeVisible();
});

test("what others changed is a line on the wall of the office, and alarms nobody", async ({ page }) => {
  const repair = await (await page.request.post("/ni_status/routes/repair", { data: {} })).json();
  await page.request.post("/ni_status/backups", { data: {} });
  await setSetting({ moonshotFileId: "file-2" });
  await open(page, "/agm/");
  const line = page.getByRole("link", { name: "1 changed by others" });
  await expect(line).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await line.click();
  await expect(item(page, "moonshot")).toBeVisible();
  const undo = await page.request.post(`/ni_status/operations/${repair.id}/undo`, { data: {} });
  expect(undo.status(), await undo.text()).toBe(200);
});

test("a model that is not what was recorded alarms the office, and alarm and wall count alike", async ({ page }) => {
  const repair = await (await page.request.post("/ni_status/routes/repair", { data: {} })).json();
  meddle("qwen-max");
  await open(page, "/agm/");
  const alarm = page.getByRole("alert").filter({ hasText: "1 agent does not run what was recorded." });
  await expect(alarm).toBeVisible();
  await expect(page.getByRole("link", { name: "1 drift" })).toBeVisible();
  await alarm.getByRole("link", { name: "See what drifted" }).click();
  await expect(item(page, "does not run what was recorded")).toBeVisible();
  const undo = await page.request.post(`/ni_status/operations/${repair.id}/undo`, { data: {} });
  expect(undo.status(), await undo.text()).toBe(200);
});
