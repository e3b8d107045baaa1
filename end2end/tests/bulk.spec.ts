import type { Page } from "@playwright/test";
import { ask, expect, hold, models, open, setModel, test } from "./support/agm.js";

/** Marks agents and opens the dialog for them. */
async function mark(page: Page, agents: string[]) {
  await open(page, "/agm/models");
  for (const agent of agents) await page.getByRole("checkbox", { name: `Select ${agent}` }).check();
  await page.getByRole("button", { name: `Set model of ${agents.length}` }).click();
  return page.getByRole("dialog");
}

async function choose(page: Page, provider: string, model: string) {
  const form = page.getByRole("dialog");
  await form.getByLabel("Provider").selectOption(provider);
  await form.getByRole("combobox", { name: "Model", exact: true }).fill(model);
  await form.getByRole("button", { name: "Show the plan" }).click();
}

test("two workers are switched at once, and each is told apart", async ({ page }) => {
  const dialog = await mark(page, ["alice", "bob"]);
  await expect(dialog.getByRole("heading", { name: "Set model of 2 agents" })).toBeVisible();
  await choose(page, "qwen", "qwen3.5-plus");
  const rows = dialog.getByRole("list", { name: "Agents" }).locator("> li");
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("objects change");
  await rows.first().getByText("What changes for alice").click();
  await expect(rows.first()).toContainText("agents/alice/openclaw.json");
  await dialog.getByRole("button", { name: "Apply to 2" }).click();
  await expect(dialog).toContainText("2 of 2 switched.", { timeout: 20_000 });
  await expect(rows.filter({ hasText: "done" })).toHaveCount(2);
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByRole("row", { name: /bob/ })).toContainText("qwen3.5-plus");
  expect((await ask("alice")).text).toContain("qwen3.5-plus");
  expect((await ask("bob")).text).toContain("qwen3.5-plus");
  await setModel(page, "bob", "moonshot", "kimi-k2.5");
});

test("what was planned is done, and not what was typed while it was planned", async ({ page }) => {
  const dialog = await mark(page, ["alice", "bob"]);
  const plan = await hold(page, /set-models\?dry_run=true/);
  await choose(page, "deepseek", "deepseek-reasoner");
  await plan.asked;
  await dialog.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-chat");
  await plan.answer();
  const sent = page.waitForRequest("**/ni_status/set-models");
  await dialog.getByRole("button", { name: "Apply to 2" }).click();
  expect((await sent).postDataJSON()).toMatchObject({ provider: "deepseek", model: "deepseek-reasoner" });
  await expect(dialog).toContainText("2 of 2 switched.", { timeout: 20_000 });
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await setModel(page, "bob", "moonshot", "kimi-k2.5");
});

test("what can be done to several is there before any is marked, and says what to do first", async ({ page }) => {
  await open(page, "/agm/models");
  const act = page.getByRole("button", { name: "Set model of 0" });
  await expect(act).toBeDisabled();
  await expect(act).toHaveAccessibleDescription("Tick some first.");
  await expect(act).toBeInViewport({ ratio: 1 });
  await page.getByRole("checkbox", { name: "Select alice" }).check();
  const ready = page.getByRole("button", { name: "Set model of 1" });
  await expect(ready).toBeEnabled();
  await expect(ready).toHaveAccessibleDescription("");
  await expect(page.getByText("Tick some first.")).toBeHidden();
  await page.getByRole("checkbox", { name: "Select alice" }).uncheck();
  await expect(act).toBeDisabled();
});

test("all that a search shows are marked with one press", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("searchbox").fill("alice");
  await expect(page.getByRole("row", { name: /alice/ })).toBeVisible();
  await expect(page.getByRole("row", { name: /bob/ })).toBeHidden();
  await page.getByRole("checkbox", { name: "Select all that are shown" }).check();
  await expect(page.getByRole("button", { name: "Set model of 1" })).toBeVisible();
  await page.getByRole("searchbox").fill("no such agent");
  await expect(page.locator("#content").getByText("Nobody fits.")).toBeVisible();
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("what is wrong is said at its field", async ({ page }) => {
    const dialog = await mark(page, ["alice", "bob"]);
    await dialog.getByLabel("Stop after failures").fill("soon");
    await choose(page, "deepseek", "deepseek-chat");
    await expect(dialog.locator("#stop-after-error")).toContainText("whole number");
    await expect(dialog.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("deepseek-chat");
  });

  test("when the first one fails no other is begun, and what failed is tried again", async ({ page }) => {
    const wrong = { name: "glm-bulk", type: "zhipuai", tokens: ["sk-this-key-is-refused"] };
    expect((await page.request.post("/ni_status/providers", { data: wrong })).status()).toBe(201);
    const dialog = await mark(page, ["alice", "bob"]);
    await choose(page, "glm-bulk", "glm-5");
    await dialog.getByRole("button", { name: "Apply to 2" }).click();
    await expect(dialog).toContainText("0 of 2 switched.", { timeout: 20_000 });
    const rows = dialog.getByRole("list", { name: "Agents" }).locator("> li");
    await expect(rows.filter({ hasText: "alice" })).toContainText("failed");
    await expect(rows.filter({ hasText: "bob" })).toContainText("not begun");
    await dialog.getByRole("button", { name: "Try 2 again" }).click();
    await expect(dialog.getByRole("button", { name: "Apply to 2" })).toBeVisible();
    await dialog.getByRole("button", { name: "Back" }).click();
    await expect(models(page).first()).toBeVisible();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect((await page.request.delete("/ni_status/providers/glm-bulk")).status()).toBe(200);
  });
});

test.afterEach(async ({ page }) => {
  await setModel(page, "alice", "deepseek", "deepseek-chat");
});
