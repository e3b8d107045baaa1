import type { Page } from "@playwright/test";
import { expect, hold, models, open, setModel, test } from "./support/agm.js";

const QUESTION = "What you typed has not been sent.";

async function begin(page: Page) {
  await open(page, "/agm/providers");
  return beginAgain(page);
}

async function beginAgain(page: Page) {
  await page.getByRole("button", { name: "+ Add provider" }).click();
  const form = page.getByRole("dialog", { name: "Add provider" });
  await expect(form.getByLabel("Type")).toBeFocused();
  return form;
}

test("a press beside a form closes it only as long as nothing is typed", async ({ page }) => {
  const form = await begin(page);
  await form.getByLabel("API key").fill("sk-typed");
  await page.mouse.click(4, 4);
  await expect(form.getByLabel("API key")).toHaveValue("sk-typed");
  await form.getByRole("button", { name: "Cancel" }).click();
  await expect(form).toBeHidden();

  await beginAgain(page);
  await expect(form.getByLabel("API key")).toHaveValue("");
  await page.mouse.click(4, 4);
  await expect(form).toBeHidden();
});

test("a selection that is dragged out of a form does not close it", async ({ page }) => {
  const form = await begin(page);
  const field = await form.getByLabel("Name").boundingBox();
  await page.mouse.move(field!.x + 60, field!.y + field!.height / 2);
  await page.mouse.down();
  await page.mouse.move(4, 4, { steps: 5 });
  await page.mouse.up();
  // A second round to the page: what the first press led to is done by then.
  await form.getByLabel("API key").fill("sk-typed");
  await expect(form.getByLabel("API key")).toHaveValue("sk-typed");
});

test("Escape and the cross ask before what is typed is lost", async ({ page }) => {
  const form = await begin(page);
  const key = form.getByLabel("API key");
  await key.fill("sk-typed");
  for (const stay of [() => page.keyboard.press("Escape"), () => form.getByRole("button", { name: "Keep" }).click()]) {
    await key.focus();
    await page.keyboard.press("Escape");
    await expect(form.getByRole("alert")).toHaveText(QUESTION);
    await expect(form.getByRole("button", { name: "Keep" })).toBeFocused();
    await stay();
    await expect(form.getByText(QUESTION)).toHaveCount(0);
    await expect(key).toBeFocused();
    await expect(key).toHaveValue("sk-typed");
  }
  await form.getByRole("button", { name: "Close", exact: true }).click();
  await form.getByRole("button", { name: "Discard" }).click();
  await expect(form).toBeHidden();
  await expect(page.getByRole("button", { name: "+ Add provider" })).toBeFocused();
});

test("what was chosen and planned is not lost by Escape", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const form = page.getByRole("dialog", { name: "Set model of alice" });
  await models(page).filter({ hasText: "deepseek-reasoner" }).click();
  const model = form.getByRole("combobox", { name: "Model", exact: true });
  await expect(model).toHaveValue("deepseek-reasoner");
  await page.keyboard.press("Escape");
  await form.getByRole("button", { name: "Keep" }).click();
  await form.getByRole("button", { name: "Show the plan" }).click();

  const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner" });
  await expect(change.getByRole("button", { name: "Apply" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(change.getByText(QUESTION)).toBeVisible();
  await page.keyboard.press("Escape");
  await change.getByRole("button", { name: "Back" }).click();
  await expect(model).toHaveValue("deepseek-reasoner");
});

test.describe("a plan that comes late", () => {
  /** Asks for a plan to let an agent run deepseek-reasoner. */
  async function wish(page: Page, agent: string) {
    await page.getByRole("button", { name: `Set model of ${agent}` }).click();
    const form = page.getByRole("dialog", { name: `Set model of ${agent}` });
    await form.getByLabel("Provider").selectOption("deepseek");
    await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-reasoner");
    await form.getByRole("button", { name: "Show the plan" }).click();
    return form;
  }

  test.afterEach(async ({ page }) => setModel(page, "bob", "moonshot", "kimi-k2.5"));

  for (const when of ["before", "after"] as const) {
    test(`${when} the next one is not shown, for its form was left`, async ({ page }) => {
      await open(page, "/agm/models");
      const late = await hold(page, "**/ni_status/plans");
      const left = await wish(page, "alice");
      await late.asked;
      await left.getByRole("button", { name: "Cancel" }).click();
      await expect(left).toBeHidden();

      if (when === "before") await late.answer();
      await wish(page, "bob");
      const change = page.getByRole("dialog", { name: "bob » deepseek-reasoner" });
      const changes = change.getByRole("region", { name: "What will change" });
      await expect(changes).toContainText("agents/bob/openclaw.json");
      if (when === "after") await late.answer();
      await change.getByRole("button", { name: "Apply" }).click();
      await expect(change).toContainText("Done, and read back.");
      await expect(changes).toContainText("agents/bob/openclaw.json");
      await change.getByRole("button", { name: "Done", exact: true }).click();
      await expect(page.getByRole("row", { name: /bob/ })).toContainText("deepseek-reasoner");
      await expect(page.getByRole("row", { name: /alice/ })).toContainText("deepseek-chat");
    });
  }
});

test("the list of models says what to do before a provider is chosen", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("checkbox", { name: "Select alice" }).check();
  await page.getByRole("button", { name: "Set model of 1" }).click();
  const form = page.getByRole("dialog");
  await expect(form.locator("#model-note")).toHaveText("Choose a provider: its models are listed here.");
  await form.getByLabel("Provider").selectOption("deepseek");
  await expect(form.locator("#model-note")).toHaveText("2 models");
});

test("a search and a choice move nothing of the form", async ({ page }) => {
  await open(page, "/agm/models");
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const form = page.getByRole("dialog", { name: "Set model of alice" });
  const places = [form.getByLabel("Provider"), form.locator(".options"), form.locator(".tiles"), form.locator(".dialog-foot")];
  const where = async () => JSON.stringify(await Promise.all(places.map((place) => place.boundingBox())));
  await expect(models(page)).toHaveCount(2);
  const model = form.getByRole("combobox", { name: "Model", exact: true });
  const before = await where();
  await model.fill("reason");
  await expect(models(page)).toHaveCount(1);
  expect(await where(), "after a search").toBe(before);
  await models(page).first().click();
  await expect(model).toHaveValue("deepseek-reasoner");
  await expect(form.locator(".tiles")).not.toContainText("—");
  expect(await where(), "after a choice").toBe(before);
  // That nothing fits, and a warning, come below the list.
  places.splice(2);
  const above = await where();
  await model.fill("nobody-knows-this");
  await expect(form.locator(".figures .note").first()).toBeVisible();
  expect(await where(), "with a warning").toBe(above);
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("an agent whose model cannot be read is not silently compared with nothing", async ({ page }) => {
    await open(page, "/agm/models");
    const failure = { success: false, code: "UPSTREAM_UNAVAILABLE", message: "the store answered 503" };
    await page.route("**/ni_status/assignment/workers/alice", (route) => route.fulfill({ status: 502, json: failure }));
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await expect(form.getByRole("alert")).toContainText("could not be read");
    await expect(form.getByRole("alert")).toContainText("the store answered 503");
    await expect(form).not.toContainText("runs now:");
  });

  test("a list of models that cannot be read says why, and so does that of providers", async ({ page }) => {
    await open(page, "/agm/models");
    const set = page.getByRole("button", { name: "Set model of alice" });
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    const failure = { success: false, code: "UPSTREAM_UNAVAILABLE", message: "the console answered 503" };
    const refuse = { status: 502, json: failure };
    await page.route("**/ni_status/providers/*/models", (route) => route.fulfill(refuse));
    await set.click();
    await expect(form.locator("#model-note")).toContainText("could not be read; these are known models. the console answered 503");
    await expect(models(page).first()).toContainText("known");
    await page.keyboard.press("Escape");
    await expect(form).toBeHidden();

    await page.route("**/ni_status/providers", (route) => route.fulfill(refuse));
    await set.click();
    await expect(form.locator("#provider-error")).toContainText("the console answered 503");
  });
});

test.describe("when the dialogs cannot be loaded", () => {
  test("it is said, and they are loaded as soon as they can be", async ({ page }) => {
    // What the browser says of a load that failed is not counted on a page of our own.
    const other = await page.context().newPage();
    const crashes: string[] = [];
    other.on("pageerror", (error) => crashes.push(error.message));
    let gone = true;
    await other.route("**/agm/pkg/split_*", (route) => (gone ? route.abort() : route.continue()));
    await open(other, "/agm/providers");
    const add = other.getByRole("button", { name: "+ Add provider" });
    const toast = other.locator("#toast");
    for (const again of [1, 2]) {
      await add.click();
      await expect(toast, `press ${again}`).toContainText("could not be loaded: the server does not answer");
      await expect(add).not.toHaveAttribute("aria-busy");
      await toast.getByRole("button", { name: "Dismiss" }).click();
      await expect(toast).toBeEmpty();
    }
    await add.click();
    await expect(toast).not.toBeEmpty();
    gone = false;
    await add.click();
    await expect(other.getByRole("dialog", { name: "Add provider" })).toBeVisible();
    await expect(toast).toBeEmpty();
    expect(crashes).toEqual([]);
  });
});

test.describe("when the dialogs hang", () => {
  test("they are given up after a while, and loaded at the next press", async ({ page }) => {
    // What the browser says of a load that was given up is not counted on a page of our own.
    const other = await page.context().newPage();
    // A test need not wait for all of the time.
    await other.addInitScript(() => {
      const real = AbortSignal.timeout.bind(AbortSignal);
      const limits: number[] = [];
      Object.assign(window, { limits });
      AbortSignal.timeout = (milliseconds) => {
        limits.push(milliseconds);
        return real(milliseconds / 50);
      };
    });
    let hangs = true;
    await other.route("**/agm/pkg/split_*", (route) => (hangs ? undefined : route.continue()));
    await open(other, "/agm/providers");
    const add = other.getByRole("button", { name: "+ Add provider" });
    await add.click();
    await expect(add).toHaveAttribute("aria-busy", "true");
    await expect(other.locator("#toast")).toContainText("could not be loaded");
    await expect(add).not.toHaveAttribute("aria-busy");
    // Its renewals have a limit of their own.
    expect(await other.evaluate(() => (window as unknown as { limits: number[] }).limits)).toContain(30_000);
    hangs = false;
    await add.click();
    await expect(other.getByRole("dialog", { name: "Add provider" })).toBeVisible();
    await expect(other.locator("#toast")).toBeEmpty();
  });
});

test("a search that finds nothing is told in a place that was there before", async ({ page }) => {
  await open(page, "/agm/models");
  const said = page.locator("#filtered");
  await expect(said).toHaveRole("status");
  await expect(said).toBeEmpty();
  const find = page.getByRole("searchbox");
  await find.fill("nobody of this name");
  await expect(said).toHaveText(await page.locator("[data-nothing-fits]").innerText());
  await find.fill("alice");
  await expect(said).toBeEmpty();
});

test("Enter in a field shows the plan", async ({ page }) => {
  await open(page, "/agm/providers");
  await page.locator('[data-act*="add_provider"]').first().click();
  const form = page.getByRole("dialog");
  await form.locator("#tokens").fill("sk-typed");
  await form.locator("#name").fill("glm-entered");
  await form.locator("#name").press("Enter");
  await expect(page.getByRole("dialog").getByText("provider:glm-entered").first()).toBeVisible();
});
