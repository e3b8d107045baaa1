import type { Page } from "@playwright/test";
import { behave, expect, open, setModel, test } from "./support/agm.js";

test.use({ locale: "zh-CN", refusals: true });

/** Plans and begins a switch on the Chinese page; gives the dialog that shows it. */
async function switchAlice(page: Page, provider: string, model: string) {
  await open(page, "/agm/models?lang=zh-CN");
  await page.getByRole("button", { name: "设置 alice 的模型" }).click();
  const form = page.getByRole("dialog", { name: "设置 alice 的模型" });
  await form.getByLabel("提供商").selectOption(provider);
  await form.getByRole("combobox", { name: "模型", exact: true }).fill(model);
  await form.getByRole("button", { name: "查看计划" }).click();
  const change = page.getByRole("dialog", { name: `alice » ${model}` });
  await change.getByRole("button", { name: "执行" }).click();
  return change;
}

test("what the steps of a switch observed is Chinese on a Chinese page", async ({ page }) => {
  const change = await switchAlice(page, "deepseek", "deepseek-reasoner");
  await expect(change.locator("li.step").last()).toContainText("个对象已回读，与写入一致");
  await expect(change.locator("li.step [lang=en]")).toHaveCount(0);
  await setModel(page, "alice", "deepseek", "deepseek-chat");
});

test("a switch that fails on a Chinese page says so in Chinese first, and marks what is English", async ({ page }) => {
  await behave("qwen", "failing");
  try {
    const change = await switchAlice(page, "qwen", "qwen3.5-plus");
    const failure = change.getByRole("alert");
    await expect(failure).toContainText("模型测试未通过");
    const said = await failure.locator("p").evaluateAll((all) =>
      all.map((p) => (p.querySelector("[lang=en]") ? "en" : /\p{Script=Han}/u.test(p.textContent ?? "") ? "zh" : "?")),
    );
    expect(said.slice(0, 3)).toEqual(["zh", "zh", "en"]);
    expect(said).not.toContain("?");
    await expect(change.locator("li.step.failed")).toContainText("失败");
    await expect(change.locator("li.step.failed [lang=en]")).not.toBeEmpty();
    await expect(change).toContainText("未做任何变更。");
  } finally {
    await behave("qwen", "healthy");
  }
});

test("a form of a Chinese page says what is wrong with it in Chinese first", async ({ page }) => {
  await open(page, "/agm/backups?lang=zh-CN");
  await page.getByText("导入文件").click();
  const form = page.locator(".backup-import");
  const text = "version: 1\nproviders:\n  - {name: lab, type: openai, apiKey: sk-never-here}\n";
  await form.getByLabel("文件内容").fill(text);
  const send = form.getByRole("button", { name: "导入", exact: true });
  const failure = form.getByRole("alert");
  // The second answer takes the place of the first.
  for (let n = 0; n < 2; n += 1) {
    await send.click();
    await expect(failure.locator("[lang=en]")).toContainText("apiKey");
    await expect(failure).toHaveText(/^\p{Script=Han}/u);
  }
});
