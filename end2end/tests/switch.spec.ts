import { ask, expect, models, open, setModel, test } from "./support/agm.js";

test("a worker is switched, and its own agent answers with the new model", async ({ page }) => {
  expect((await ask("alice")).text).toContain("deepseek-chat");
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const form = page.getByRole("dialog", { name: "Set model of alice" });
  await expect(models(page)).toHaveCount(2);
  await form.getByRole("combobox", { name: "Model", exact: true }).fill("reason");
  await expect(models(page)).toHaveCount(1);
  await page.keyboard.press("ArrowDown");
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

test("what is typed stays at Enter, and the arrow keys take a row", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const form = page.getByRole("dialog", { name: "Set model of alice" });
  await expect(form.getByLabel("Provider")).toBeFocused();
  await expect(models(page)).toHaveCount(2);
  const model = form.getByRole("combobox", { name: "Model", exact: true });
  const ids = await models(page).locator("b").allTextContents();

  // A part of several ids, an id that is not the first, and one that no list names.
  for (const typed of ["deepseek", ...ids, "deepseek-v99"]) {
    await model.fill(typed);
    const rows = ids.filter((id) => id.includes(typed));
    await expect(models(page).locator("b")).toHaveText(rows);
    await expect(model).not.toHaveAttribute("aria-activedescendant");
    await page.keyboard.press("Enter");
    await expect(model).toHaveValue(typed);
  }

  await model.fill("deepseek");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const active = await model.getAttribute("aria-activedescendant");
  await expect(form.locator(`#${active}`)).toContainText(ids[1]);
  await expect(page.getByRole("listbox", { name: "Model" }).getByRole("option", { selected: true })).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(model).toHaveValue(ids[1]);
  await expect(models(page)).toHaveCount(2);
});

test("what was done can be taken back from its result", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const form = page.getByRole("dialog", { name: "Set model of alice" });
  await expect(models(page)).toHaveCount(2);
  await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-reasoner");
  await form.getByRole("button", { name: "Show the plan" }).click();
  const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner", exact: true });
  await change.getByRole("button", { name: "Apply" }).click();
  await expect(change).toContainText("Done, and read back.");
  await change.getByRole("button", { name: "Undo" }).click();

  const undo = page.getByRole("dialog", { name: "Undo: alice » deepseek-reasoner" });
  await expect(undo.getByRole("region", { name: "What will change" })).toContainText("agents/alice/openclaw.json");
  expect((await ask("alice")).text).toContain("deepseek-reasoner");
  await undo.getByRole("button", { name: "Apply" }).click();
  await expect(undo).toContainText("Done, and read back.");
  await undo.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByRole("row", { name: /alice/ })).toContainText("deepseek-chat");
  expect((await ask("alice")).text).toContain("deepseek-chat");
});

test.describe("on a small screen", () => {
  test.use({ viewport: { width: 390, height: 700 } });

  test("the outcome comes into view and has the focus", async ({ page }) => {
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await expect(models(page)).toHaveCount(2);
    await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-reasoner");
    await form.getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner", exact: true });
    await expect(change.getByRole("region", { name: "What will change" })).toBeFocused();
    const names = change.locator("li.step .step-name");
    await expect(names.filter({ hasText: "model.json" })).toHaveCount(1);
    await expect(names.filter({ hasText: "workers-registry.json" })).toHaveCount(1);
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change.getByText("Done, and read back.")).toBeInViewport();
    await expect(change.getByRole("button", { name: "Undo" })).toBeInViewport();
    await expect(change.locator(".said")).toBeFocused();
    await change.getByRole("button", { name: "Done", exact: true }).click();
    await setModel(page, "alice", "deepseek", "deepseek-chat");
  });
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

  test("is not made when somebody else was faster, and the page shows what they did", async ({ page }) => {
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await expect(models(page)).toHaveCount(2);
    await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-reasoner");
    await form.getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner" });
    await expect(change.getByRole("button", { name: "Apply" })).toBeVisible();
    const faster = { provider: "moonshot", model: "kimi-k2.5" };
    expect((await page.request.put("/ni_status/assignment/workers/alice", { data: faster })).status()).toBe(200);

    await change.getByRole("button", { name: "Apply" }).click();
    const alert = change.getByRole("alert");
    await expect(alert).toContainText("changed since the plan was made");
    await expect(alert).toContainText("s3:agents/alice/openclaw.json");
    const moved = change.getByRole("region", { name: "What changed meanwhile" });
    await expect(moved).toContainText("hiclaw-gateway/kimi-k2.5");
    await expect(change).toContainText("Nothing was changed");
    await expect(change.getByRole("region", { name: "What will change" })).toHaveCount(0);
    expect((await ask("alice")).text).toContain("kimi-k2.5");

    await change.getByRole("button", { name: "Plan again" }).click();
    const anew = change.getByRole("region", { name: "What will change" });
    await expect(anew).toContainText("hiclaw-gateway/kimi-k2.5");
    await expect(anew).toBeFocused();
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change).toContainText("Done, and read back.");
    await change.getByRole("button", { name: "Done", exact: true }).click();
    expect((await ask("alice")).text).toContain("deepseek-reasoner");
    await setModel(page, "alice", "deepseek", "deepseek-chat");
  });

  test("is undone when the model does not answer, and the page says why", async ({ page }) => {
    const wrong = { name: "glm-wrong", type: "zhipuai", tokens: ["sk-this-key-is-refused"] };
    expect((await page.request.post("/ni_status/providers", { data: wrong })).status()).toBe(201);
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await form.getByLabel("Provider").selectOption("glm-wrong");
    await form.getByRole("combobox", { name: "Model", exact: true }).fill("glm-5");
    await form.getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: "alice » glm-5" });
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change.getByRole("alert")).toContainText("key", { timeout: 20_000 });
    await expect(change.locator("li.step.failed").filter({ hasText: "Test" })).toContainText("401");
    await expect(change).toContainText("Nothing was changed");
    expect((await ask("alice")).text).toContain("deepseek-chat");
    const now = await (await page.request.get("/ni_status/assignment/workers/alice")).json();
    expect(now.observed.model).toBe("deepseek-chat");
    expect((await page.request.delete("/ni_status/providers/glm-wrong")).status()).toBe(200);
  });
});
