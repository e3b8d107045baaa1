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
    await expect(page.getByRole("dialog").getByRole("alert")).toContainText("in use by default-ai-route");
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await expect(page.getByRole("article", { name: "qwen" })).toBeVisible();
  });
});
