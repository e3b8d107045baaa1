import type { Page } from "@playwright/test";
import { expect, open, test } from "./support/agm.js";
import { drawAll, violations } from "./support/axe.js";
import { behindController, row } from "./support/controller.js";

behindController("1.2", (url) => {
  /** Opens the form for a worker, and chooses another model of the provider that it runs. */
  async function choose(page: Page, agent: string, model: string) {
    await open(page, `${url()}/agm/models`);
    await row(page, agent).getByRole("button", { name: `Set model of ${agent}` }).click();
    const form = page.getByRole("dialog", { name: `Set model of ${agent}` });
    await form.getByLabel("Provider").selectOption("qwen");
    await form.getByRole("combobox", { name: "Model", exact: true }).fill(model);
    return form;
  }

  async function apply(page: Page, agent: string, model: string) {
    await page.getByRole("dialog").getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: `${agent} » ${model}` });
    await expect(change.getByRole("button", { name: "Apply" })).toBeVisible();
    return change;
  }

  test("an agent that nobody starts again is told to run its former model", async ({ page }) => {
    const form = await choose(page, "alice", "qwen3.5-plus");
    const restart = form.getByLabel("Restart");
    await expect(restart).toHaveAccessibleDescription(/only when its container starts again/);
    await expect(restart).toHaveValue("");
    await expect(form).toContainText("Set by HiClaw; a switch does not change these.");
    await expect(form.getByText("Own limits")).toHaveCount(0);
    const change = await apply(page, "alice", "qwen3.5-plus");
    await expect(change).not.toContainText("stopped and started again");
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change).toContainText("Done, and read back.");
    await expect(change).toContainText("Settling: HiClaw may still undo it");
    await change.getByRole("button", { name: "Done", exact: true }).click();
    await expect(row(page, "alice")).toContainText("shall run qwen3.5-plus, runs");
  });

  test("one that is started again at once is followed until it runs its model", async ({ page }) => {
    const form = await choose(page, "alice", "qwen3.6-plus");
    await form.getByLabel("Restart").selectOption("now");
    const change = await apply(page, "alice", "qwen3.6-plus");
    await expect(change).toContainText("The container of alice is stopped and started again at once.");
    await change.getByRole("button", { name: "Apply" }).click();
    const step = change.locator("li.step").filter({ hasText: "Restart" });
    await expect(step).toHaveClass(/done/, { timeout: 30_000 });
    await expect(change).toContainText("Done, and read back.");
    await change.getByRole("button", { name: "Done", exact: true }).click();
    await expect(row(page, "alice")).toContainText("qwen3.6-plus");
    await expect(row(page, "alice")).not.toContainText("shall run");
  });

  test("for several the restart is chosen once, and the plan of each tells it", async ({ page }) => {
    await open(page, `${url()}/agm/models`);
    for (const agent of ["alice", "bob"]) await page.getByRole("checkbox", { name: `Select ${agent}` }).check();
    await page.getByRole("button", { name: "Set model of 2" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByLabel("Restart")).toHaveAccessibleDescription(/that take the model up only when/);
    await dialog.getByLabel("Provider").selectOption("qwen");
    await dialog.getByRole("combobox", { name: "Model", exact: true }).fill("qwen3.5-plus");
    await dialog.getByLabel("Restart").selectOption("when_idle");
    await page.screenshot({ path: "screenshots/bulk-restart.png" });
    await dialog.getByRole("button", { name: "Show the plan" }).click();
    const alice = dialog.getByRole("list", { name: "Agents" }).locator("> li").filter({ hasText: "alice" });
    await expect(alice).toContainText("The container of alice is stopped and started again once it has no open task.");
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Back" }).click();
    await dialog.getByRole("button", { name: "Cancel" }).click();
  });

  for (const { width, language, theme } of [
    { width: 1024, language: "en", theme: "office" },
    { width: 390, language: "zh-CN", theme: "cyber" },
  ]) {
    for (const name of ["models", "monitor"]) {
      test(`${name} with a controller at ${width} px in ${language}`, async ({ page }) => {
        await page.addInitScript((name) => localStorage.setItem("agm-theme", name), theme);
        await page.setViewportSize({ width, height: 860 });
        await open(page, `${url()}/agm/${name}?lang=${language}`);
        await drawAll(page);
        for (const note of await page.locator("main .live details > summary").all()) await note.click();
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        await page.screenshot({ path: `screenshots/controller-${name}-${width}-${language}.png`, fullPage: true });
        expect(await violations(page)).toEqual([]);
      });
    }
  }
});
