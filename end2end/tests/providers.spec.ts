import type { Locator } from "@playwright/test";
import { expect, open, test } from "./support/agm.js";

test("a provider is tested, and its card says what was observed", async ({ page }) => {
  await open(page, "/agm/providers");
  const card = page.getByRole("article", { name: "deepseek" });
  await card.getByRole("button", { name: "Test deepseek" }).click();
  await expect(card).toContainText("reachable");
  await expect(card).toContainText("HTTP 200");
});

test("a provider is added and removed again", async ({ page }) => {
  await open(page, "/agm/providers");
  await page.getByRole("button", { name: "+ Add provider" }).click();
  const form = page.getByRole("dialog", { name: "Add provider" });
  await form.getByLabel("Type").selectOption("zhipuai");
  await expect(form.getByLabel("Name")).toHaveValue("zhipuai");
  await form.getByLabel("Name").fill("glm-lab");
  await form.getByLabel("API key").fill("sk-glm-lab-test-key");
  await form.getByRole("button", { name: "Show the plan" }).click();
  const change = page.getByRole("dialog", { name: "Add provider: glm-lab" });
  await expect(change).toContainText("provider:glm-lab");
  await expect(change).not.toContainText("sk-glm-lab-test-key");
  await change.getByRole("button", { name: "Apply" }).click();
  await expect(change).toContainText("Done, and read back.");
  await change.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByRole("article", { name: "glm-lab" })).toContainText("nobody");

  await page.getByRole("button", { name: "Remove glm-lab" }).click();
  const removal = page.getByRole("dialog", { name: "Remove provider: glm-lab" });
  await removal.getByRole("button", { name: "Apply" }).click();
  await expect(removal).toContainText("Done, and read back.");
  await removal.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByRole("article", { name: "glm-lab" })).toHaveCount(0);
});

test("a provider has several keys, skips those that fail, and its plan mode is chosen", async ({ page }) => {
  await open(page, "/agm/providers");
  await page.getByRole("button", { name: "+ Add provider" }).click();
  const form = page.getByRole("dialog", { name: "Add provider" });
  await form.getByLabel("Type").selectOption("zhipuai");
  await form.getByLabel("Name").fill("glm-two");
  await form.getByLabel("API key").fill("sk-glm-two-first-key");
  await form.getByRole("button", { name: "+ Another key" }).click();
  await expect(form.getByLabel("API key 2")).toBeFocused();
  await form.getByLabel("API key 2").fill("sk-glm-two-second-key");
  await form.getByLabel("GLM Coding Plan").selectOption("yes");
  await form.getByText("More settings").click();
  await form.getByLabel("Skip keys that fail").selectOption("yes");
  await form.getByLabel("Model to check keys with").fill("glm-5");
  await form.getByRole("button", { name: "Show the plan" }).click();
  const change = page.getByRole("dialog", { name: "Add provider: glm-two" });
  await expect(change).toContainText("zhipuCodePlanMode");
  await expect(change).not.toContainText("second-key");
  await change.getByRole("button", { name: "Apply" }).click();
  await expect(change).toContainText("Done, and read back.");
  await change.getByRole("button", { name: "Done", exact: true }).click();
  const { provider } = await (await page.request.get("/ni_status/providers/glm-two")).json();
  expect(provider).toMatchObject({ failover: true, tokens: { count: 2 } });
  expect((await page.request.delete("/ni_status/providers/glm-two")).status()).toBe(200);
});

test("a name that is taken is not proposed, and is told at its field before anything is planned", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await open(page, "/agm/providers");
  await page.getByRole("button", { name: "+ Add provider" }).click();
  const form = page.getByRole("dialog", { name: "Add provider" });
  const name = form.getByLabel("Name");
  await expect(name).toHaveValue("deepseek-2");
  await form.getByLabel("Type").selectOption("openai");
  await expect(name).toHaveValue("openai");
  await name.fill("qwen");
  await expect(form.locator("#name-error")).toContainText("There is a provider of this name already.");
  await form.getByRole("button", { name: "Show the plan" }).click();
  await expect(form.getByRole("alert")).toContainText("already");
  expect(asked).not.toContain("/ni_status/plans");
  await name.fill("openai-eu");
  await expect(form.locator("#name-error")).toBeEmpty();
});

test.describe("a new key", () => {
  test.use({ refusals: true });
  test.afterEach(async ({ page }) => {
    await page.request.delete("/ni_status/providers/glm-key");
  });

  test("is tested where it was given, and one that is refused is replaced there", async ({ page }) => {
    const wrong = { name: "glm-key", type: "zhipuai", tokens: ["sk-this-key-is-refused"] };
    await open(page, "/agm/providers");
    await page.getByRole("button", { name: "+ Add provider" }).click();
    const form = page.getByRole("dialog", { name: "Add provider" });
    await form.getByLabel("Type").selectOption(wrong.type);
    await form.getByLabel("Name").fill(wrong.name);
    await form.getByLabel("API key").fill(wrong.tokens[0]);
    await form.getByRole("button", { name: "Show the plan" }).click();
    const added = page.getByRole("dialog", { name: "Add provider: glm-key" });
    await added.getByRole("button", { name: "Apply" }).click();
    await expect(added).toContainText("Done, and read back.");
    await expect(added).toContainText("A test lists the provider's models with its key");
    const primary = (dialog: Locator) => dialog.locator(".dialog-foot .primary");
    await expect(primary(added)).toHaveText("Test now");
    await primary(added).click();
    await expect(added.locator(".leg.bad")).toContainText("401");
    await expect(added.locator(".said")).toBeFocused();
    await expect(added.getByRole("button", { name: "Test again" })).toBeEnabled();
    await expect(primary(added)).toHaveText("Replace key");

    await primary(added).click();
    await expect(added).toBeHidden();
    const another = page.getByRole("dialog", { name: "Replace key glm-key" });
    await another.getByLabel("API key").fill("sandbox0zhipu41c7.Qm9vS2xN7d");
    await another.getByRole("button", { name: "Show the plan" }).click();
    const replaced = page.getByRole("dialog", { name: "Edit provider: glm-key" });
    await replaced.getByRole("button", { name: "Apply" }).click();
    await expect(replaced).toContainText("Done, and read back.");
    await expect(replaced.locator(".leg")).toHaveCount(0);
    await primary(replaced).click();
    await expect(replaced.locator(".leg.ok")).toContainText("HTTP 200");
    await expect(primary(replaced)).toHaveText("Done");
    await primary(replaced).click();
    await expect(page.getByRole("article", { name: "glm-key" })).toContainText("reachable");
  });

  test("is not called refused when nobody could be asked", async ({ page }) => {
    await open(page, "/agm/providers");
    await page.getByRole("button", { name: "Replace key moonshot" }).click();
    await page.getByRole("dialog").getByLabel("API key").fill("sk-sandbox-moonshot-60b3e7f19c8d");
    await page.getByRole("dialog").getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: "Edit provider: moonshot" });
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change).toContainText("Done, and read back.");
    const failure = { success: false, code: "UPSTREAM_UNAVAILABLE", message: "the console answered 503" };
    await page.route("**/ni_status/test-provider", (route) => route.fulfill({ status: 502, json: failure }), { times: 1 });
    await change.getByRole("button", { name: "Test now" }).click();
    await expect(change.getByRole("alert")).toContainText("the console answered 503");
    await expect(change.getByRole("button", { name: "Replace key" })).toHaveCount(0);
    await change.getByRole("button", { name: "Test again" }).click();
    await expect(change.locator(".leg.ok")).toContainText("HTTP 200");
    await change.getByRole("button", { name: "Undo" }).click();
    const undo = page.getByRole("dialog", { name: /^Undo/ });
    await undo.getByRole("button", { name: "Apply" }).click();
    await expect(undo).toContainText("Done, and read back.");
  });
});

test("each provider's chip has a look of its own", async ({ page }) => {
  await open(page, "/agm/providers");
  const looks = await page.locator(".card .chip-art").evaluateAll((chips) => chips.map((chip) => chip.getAttribute("class")));
  expect(looks.length).toBeGreaterThan(2);
  expect(new Set(looks).size).toBe(looks.length);
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a bad name is said at its field, and nothing typed is lost", async ({ page }) => {
    await open(page, "/agm/providers");
    await page.getByRole("button", { name: "+ Add provider" }).click();
    const form = page.getByRole("dialog", { name: "Add provider" });
    await form.getByLabel("Name").fill("Not A Name");
    await form.getByLabel("API key").fill("sk-kept-in-the-form");
    await form.getByRole("button", { name: "Show the plan" }).click();
    await expect(form.locator("#name-error")).toContainText("lower-case letters");
    await expect(form.getByLabel("API key")).toHaveValue("sk-kept-in-the-form");
  });

  test("what is wrong in folded settings unfolds them", async ({ page }) => {
    await open(page, "/agm/providers");
    await page.getByRole("button", { name: "+ Add provider" }).click();
    const form = page.getByRole("dialog", { name: "Add provider" });
    await form.getByLabel("Name").fill("folded");
    await form.getByLabel("API key").fill("sk-kept-in-the-form");
    await form.getByText("More settings").click();
    await form.getByLabel("Skip keys that fail").selectOption("yes");
    await form.getByText("More settings").click();
    await form.getByRole("button", { name: "Show the plan" }).click();
    await expect(form.locator("#healthCheckModel-error")).toContainText("needs a model");
  });

  test("a provider in use is not removed, and who uses it is said", async ({ page }) => {
    await open(page, "/agm/providers");
    await page.getByRole("button", { name: "Remove qwen" }).click();
    const refusal = page.getByRole("dialog");
    await expect(refusal.getByRole("alert")).toContainText("in use by default-ai-route");
    await refusal.getByRole("button", { name: "Close" }).last().click();
    await expect(page.getByRole("article", { name: "qwen" })).toBeVisible();
  });

  test("what keeps a provider from being removed is one press away", async ({ page }) => {
    await open(page, "/agm/providers");
    await page.getByRole("button", { name: "Remove qwen" }).click();
    const refusal = page.getByRole("dialog");
    await expect(refusal.locator(".dialog-foot .primary")).toHaveText("Give its agents another model");
    await expect(refusal.getByRole("button", { name: "Plan again" })).toBeVisible();
    await expect(refusal.getByRole("link", { name: "default-ai-route" })).toHaveAttribute("href", "/agm/routes?find=default-ai-route");
    await expect(refusal.getByRole("link", { name: "carol" })).toHaveAttribute("href", "/agm/models?find=carol");
    await refusal.getByRole("link", { name: "Give its agents another model" }).click();
    await expect(page).toHaveURL(/\/agm\/models\?find=provider%3A%22qwen%22$/);
    await expect(page.getByRole("row", { name: /carol/ })).toBeVisible();
    await expect(page.getByRole("row", { name: /alice/ })).toBeHidden();
  });
});
