import type { Page } from "@playwright/test";
import { ask, behave, expect, hold, models, open, sandbox, setModel, test } from "./support/agm.js";

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

test("a new config that nobody saw the worker pull is told so", async ({ page }) => {
  const [desk, row] = [page.getByRole("article", { name: "bob" }), page.getByRole("row", { name: /bob/ })];
  const mark = "new config not seen pulled yet";
  await setModel(page, "bob", "moonshot", "kimi-k2-turbo-preview");
  await open(page, "/agm/");
  await expect(desk).toContainText(mark);
  await expect(page.getByRole("article", { name: "carol" })).not.toContainText(mark);
  await open(page, "/agm/models");
  await expect(row).toContainText(mark);
  await expect(row.getByText("A worker pulls its config within 300 s while it runs, or when it starts.")).toBeVisible();
  await setModel(page, "bob", "moonshot", "kimi-k2.5");
});

test.describe("Enter", () => {
  test.use({ refusals: true });

  test("plans what was typed, or takes the row of the arrow keys", async ({ page }) => {
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await expect(form.getByLabel("Provider")).toBeFocused();
    await expect(models(page)).toHaveCount(2);
    const model = form.getByRole("combobox", { name: "Model", exact: true });
    const ids = await models(page).locator("b").allTextContents();

    // An id, and a part of several.
    for (const typed of [...ids, "deepseek"]) {
      await model.fill(typed);
      const rows = ids.filter((id) => id.includes(typed));
      await expect(models(page).locator("b")).toHaveText(rows);
      await expect(model).not.toHaveAttribute("aria-activedescendant");
    }

    // What was typed is what is planned, and not the row that is like it.
    for (const typed of ["deepseek", "deepseek-v99"]) {
      await model.fill(typed);
      await page.keyboard.press("Enter");
      await expect(form.getByRole("alert")).toContainText(typed);
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
});

test("what was sent off can be left before the server answers, and its end is told", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const form = page.getByRole("dialog", { name: "Set model of alice" });
  await expect(models(page)).toHaveCount(2);
  await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-reasoner");
  await form.getByRole("button", { name: "Show the plan" }).click();
  const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner", exact: true });
  const begun = await hold(page, "**/ni_status/plans/*/apply");
  await change.getByRole("button", { name: "Apply" }).click();
  await begun.asked;
  await expect(change).toContainText("Applying …");
  await page.keyboard.press("Escape");
  await expect(change).toBeHidden();
  await begun.answer();
  const toast = page.getByRole("region", { name: "Notices" }).getByRole("listitem");
  await expect(toast).toContainText("alice » deepseek-reasoner");
  await toast.getByRole("button", { name: "Details" }).click();
  await expect(change).toContainText("Done, and read back.");
  await change.getByRole("button", { name: "Done", exact: true }).click();
  await setModel(page, "alice", "deepseek", "deepseek-chat");
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
    await change.getByRole("button", { name: "Back" }).click();
    await expect(form.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("glm-5");
    expect((await page.request.delete("/ni_status/providers/glm-wrong")).status()).toBe(200);
  });
});

test.describe("the choice", () => {
  test("tells what each model can and who says so, and warns of what would be lost", async ({ page }) => {
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of manager" }).click();
    const form = page.getByRole("dialog", { name: "Set model of Manager" });
    await expect(form).toContainText("runs now: qwen3.5-plus");
    await form.getByLabel("Provider").selectOption("deepseek");
    await expect(models(page).first()).toContainText("256K context · 128K output");
    await expect(models(page).first()).toContainText("known");
    const model = form.getByRole("combobox", { name: "Model", exact: true });
    await model.fill("deepseek-chat");
    await expect(form).toContainText("This model cannot see images");
    await expect(form).not.toContainText("The context shrinks");
    await model.fill("deepseek-c");
    await expect(form).not.toContainText("Nobody knows this model");
    await form.getByLabel("Provider").focus();
    await expect(form).toContainText("Nobody knows this model");
    await model.fill("nobody-knows-me");
    await expect(form).toContainText("The context shrinks from 200K to 150K tokens.");
    await expect(form).toContainText("Nobody knows this model");
    await page.keyboard.press("Escape");
    await form.getByRole("button", { name: "Discard" }).click();
    await expect(form).toBeHidden();
    await expect(page.getByRole("button", { name: "Set model of manager" })).toBeFocused();
  });

  test("scrolls to the row that the arrow keys go to", async ({ page }) => {
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await form.getByLabel("Provider").selectOption("qwen");
    const many = models(page);
    await expect(many.nth(6)).toBeAttached();
    await form.getByRole("combobox", { name: "Model", exact: true }).focus();
    await page.keyboard.press("ArrowUp");
    const last = many.last();
    await expect(last).toHaveClass(/active/);
    await expect(last).toBeInViewport({ ratio: 1 });
    await page.keyboard.press("Escape");
    await expect(last).not.toHaveClass(/active/);
    await expect(form).toBeVisible();
  });
});

test.describe("over a provider that takes its time", () => {
  test.use({ refusals: true });
  const model = "glm-5";

  test.beforeEach(async ({ page }) => {
    const provider = { name: "slow", type: "zhipuai", tokens: ["sandbox0zhipu41c7.Qm9vS2xN7d"] };
    const added = await page.request.post("/ni_status/providers", { data: provider });
    expect(added.status(), await added.text()).toBe(201);
  });

  test.afterEach(async ({ page }) => {
    await behave("zhipuai", "healthy");
    await setModel(page, "alice", "deepseek", "deepseek-chat");
    const removed = await page.request.delete("/ni_status/providers/slow");
    expect(removed.status(), await removed.text()).toBe(200);
  });

  async function begin(page: Page) {
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await form.getByLabel("Provider").selectOption("slow");
    await expect(models(page).first()).toContainText("glm");
    await form.getByRole("combobox", { name: "Model", exact: true }).fill(model);
    await form.getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: `alice » ${model}`, exact: true });
    await expect(change.getByRole("button", { name: "Apply" })).toBeVisible();
    await behave("zhipuai", "thinking");
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change.locator("li.step.running").filter({ hasText: "Test" })).toContainText("running");
    return change;
  }

  test("it goes on when it is left, is found again, and its end is told with what can be done", async ({ page }) => {
    const change = await begin(page);
    await change.getByRole("button", { name: "Leave" }).click();
    await expect(change).toBeHidden();
    await page.getByRole("button", { name: "1 running" }).click();
    await expect(change.locator("li.step.running")).toHaveCount(1);
    await change.getByRole("button", { name: "Leave" }).click();

    await behave("zhipuai", "healthy");
    const toast = page.getByRole("region", { name: "Notices" }).getByRole("listitem");
    await expect(toast).toContainText(`alice » ${model}`);
    await toast.getByRole("button", { name: "Details" }).click();
    await expect(change).toContainText("Done, and read back.");
    await change.getByRole("button", { name: "Done", exact: true }).click();
    await expect(page.getByRole("button", { name: "1 running" })).toHaveCount(0);
  });

  test("loading the page anew opens it again, while it runs and when it has ended", async ({ page }) => {
    const change = await begin(page);
    await page.reload();
    await expect(change.locator("li.step.running").filter({ hasText: "Test" })).toHaveCount(1);
    await behave("zhipuai", "healthy");
    await expect(change).toContainText("Done, and read back.");
    await page.reload();
    await expect(change).toContainText("Done, and read back.");
    await expect(change.getByRole("region", { name: "What will change" })).toContainText("openclaw.json");
    await change.getByRole("button", { name: "Done", exact: true }).click();
    await expect(page).not.toHaveURL(/#/);
  });

  test("it is stopped, and everything is put back", async ({ page }) => {
    const change = await begin(page);
    await change.getByRole("button", { name: "Stop and undo" }).click();
    await expect(change).toContainText("Nothing was changed.");
    const { operations } = await (await page.request.get("/ni_status/operations?limit=1")).json();
    expect(operations[0]).toMatchObject({ state: "rolled_back", targets: ["worker:alice"] });
    expect((await ask("alice")).text).toContain("deepseek-chat");
  });

  test("what cannot be undone is taken over, after a word on what that means", async ({ page }) => {
    const { console: higress, admin } = sandbox();
    const basic = Buffer.from(`${admin.user}:${admin.password}`).toString("base64");
    const headers = { authorization: `Basic ${basic}`, "content-type": "application/json" };
    const route = `${higress}/v1/ai/routes/slow-ai-route`;
    /** Lets exactly these consumers into the route, as somebody at the console does. */
    const letIn = async (consumers: string[]) => {
      const { data } = await (await fetch(route, { headers })).json();
      data.authConfig.allowedConsumers = consumers;
      expect((await fetch(route, { method: "PUT", headers, body: JSON.stringify(data) })).status).toBe(200);
    };
    // The switch has to let alice in, and somebody else lets more in before it can go back.
    await letIn(["manager"]);
    const change = await begin(page);
    await letIn(["worker-alice", "worker-bob"]);

    await behave("zhipuai", "failing");
    await expect(change).toContainText("Somebody has to look", { timeout: 20_000 });
    await change.getByRole("button", { name: "Take over …" }).click();
    await expect(change.getByRole("alert").filter({ hasText: "Nothing more is put back" })).toBeVisible();
    await change.getByRole("button", { name: "Cancel" }).click();
    await change.getByRole("button", { name: "Take over …" }).click();
    await change.getByRole("button", { name: "Leave it as it is" }).click();
    await expect(change.getByRole("button", { name: "Done", exact: true })).toBeVisible();
  });
});

test.describe("a plan that is no longer kept", () => {
  test.use({ refusals: true });

  test("can be made again", async ({ page }) => {
    await open(page, "/agm/models");
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await expect(models(page)).toHaveCount(2);
    await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-reasoner");
    await form.getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner" });
    await expect(change.getByRole("button", { name: "Apply" })).toBeVisible();
    // The server keeps the newest hundred.
    const other = { kind: "set_model", target: "manager", provider: "qwen", model: "qwen3.5-plus" };
    for (let n = 0; n < 100; n += 1) {
      expect((await page.request.post("/ni_status/plans", { data: other })).status()).toBe(200);
    }
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change.getByRole("alert")).toContainText("no plan");
    await change.getByRole("button", { name: "Plan again" }).click();
    await expect(change.getByRole("button", { name: "Apply" })).toBeVisible();
    await change.getByRole("button", { name: "Back" }).click();
    await expect(form.getByRole("combobox", { name: "Model", exact: true })).toHaveValue("deepseek-reasoner");
  });
});
