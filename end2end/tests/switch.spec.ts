import { ask, expect, models, open, setModel, test } from "./support/agm.js";

test("a worker is switched, and its own agent answers with the new model", async ({ page }) => {
  expect((await ask("alice")).text).toContain("deepseek-chat");
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const form = page.getByRole("dialog", { name: "Set model of alice" });
  await expect(models(page)).toHaveCount(2);
  await form.getByRole("combobox", { name: "Model", exact: true }).fill("reason");
  await expect(models(page)).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(form).toContainText("table of known models");
  await form.getByRole("button", { name: "Show the plan" }).click();

  const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner" });
  await expect(change.getByRole("region", { name: "What will change" })).toContainText("agents/alice/openclaw.json");
  await change.getByRole("button", { name: "Apply" }).click();
  await expect(change).toContainText("Done, and read back.");
  await expect(change.locator("li.step.done").filter({ hasText: "Test" })).toContainText("deepseek-reasoner");
  await change.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByRole("row", { name: /alice/ })).toContainText("deepseek-reasoner");
  expect((await ask("alice")).text).toContain("deepseek-reasoner");

  await setModel(page, "alice", "deepseek", "deepseek-chat");
});

test.describe("a switch that cannot be", () => {
  test.use({ refusals: true });

  test("tells the reason and changes nothing", async ({ page }) => {
    const before = await (await page.request.get("/ni_status/assignment/workers/alice")).json();
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await expect(models(page)).toHaveCount(2);
    await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-v99");
    await form.getByRole("button", { name: "Show the plan" }).click();
    await expect(form.getByRole("alert")).toContainText("deepseek-v99");
    await expect(form.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("deepseek-v99");
    const after = await (await page.request.get("/ni_status/assignment/workers/alice")).json();
    expect(after.model).toEqual(before.model);
    expect(after.updatedAt).toEqual(before.updatedAt);
    expect((await ask("alice")).text).toContain("deepseek-chat");
  });
});
