import type { Page } from "@playwright/test";
import { expect, open, sandbox, test } from "./support/agm.js";

const row = (page: Page, route: string) => page.locator("#route-rows").getByRole("row", { name: new RegExp(route) });

/** Asks the simulator by its form. */
async function ask(page: Page, model: string, consumer: string) {
  await page.getByRole("combobox", { name: "Model" }).fill(model);
  await page.getByRole("combobox", { name: "As" }).fill(consumer);
  await page.getByRole("button", { name: "Ask" }).click();
  await expect(page).toHaveURL(/[?&]model=/);
}

test("routes stand in the order in which they win, with all that they say", async ({ page }) => {
  // A test that failed would be told here.
  await page.request.post("/ni_status/test-provider", { data: { provider: "moonshot" } });
  await open(page, "/agm/routes");
  const names = page.locator("#route-rows").getByRole("rowheader");
  await expect(names.first()).toContainText("-ai-route");
  await expect(names.last()).toContainText("default-ai-route");
  const deepseek = row(page, "deepseek-ai-route");
  await expect(deepseek).toContainText("model starts with deepseek-");
  await expect(deepseek).toContainText("100%");
  await expect(deepseek).toContainText("runs alice, dave");
  await expect(deepseek).toContainText("dave: every call ends with 403");
  await expect(row(page, "moonshot-ai-route")).toContainText("in order");
  await expect(row(page, "default-ai-route")).toContainText("any other model");
  await expect(row(page, "default-ai-route")).toContainText("at each restart");
  await row(page, "moonshot-ai-route").getByText("Manager + 5 workers").click();
  await expect(row(page, "moonshot-ai-route")).toContainText("erin");
});

test("the simulator tells who wins and why, and keeps what was typed", async ({ page }) => {
  await open(page, "/agm/routes");
  await ask(page, "kimi-k2.5", "worker-bob");
  const answer = page.locator("#answer");
  await expect(answer.getByRole("status")).toContainText("moonshot-ai-route → moonshot: model starts with kimi-. worker-bob is let in.");
  await expect(page.getByRole("combobox", { name: "Model" })).toHaveValue("kimi-k2.5");
  await expect(page.getByRole("combobox", { name: "As" })).toHaveValue("worker-bob");
  const trace = answer.getByRole("list", { name: "Every route, in order" }).getByRole("listitem");
  await expect(trace).toHaveCount(3);
  await expect(trace.filter({ hasText: "moonshot-ai-route" })).toContainText("takes the call");
  await expect(trace.filter({ hasText: "deepseek-ai-route" })).toContainText("model matches no predicate");
  await expect(trace.filter({ hasText: "default-ai-route" })).toContainText("fewer conditions");
  await expect(row(page, "moonshot-ai-route")).toHaveClass(/wins/);
});

test("what no route takes and what cannot be asked are said", async ({ page }) => {
  await open(page, "/agm/routes?model=kimi-k2.5&host=elsewhere.example");
  await expect(page.locator("#answer")).toContainText("No AI route takes kimi-k2.5: the gateway answers 404.");
  await expect(page.locator("#answer")).toContainText("is not on host elsewhere.example");
  await open(page, "/agm/routes?model=no+spaces&consumer=manager");
  const model = page.getByRole("combobox", { name: "Model" });
  await expect(model).toHaveAttribute("aria-invalid", "true");
  await expect(model).toHaveAccessibleDescription(/a model id has/);
  await expect(model).toHaveValue("no spaces");
  await expect(page.locator("#answer")).toBeEmpty();
});

test("one who is locked out is let in from the answer, and it can be taken back", async ({ page }) => {
  await open(page, "/agm/routes?model=deepseek-chat&consumer=worker-dave");
  const answer = page.locator("#answer");
  await expect(answer).toContainText("it does not let worker-dave in: the gateway answers 403");
  await answer.getByRole("button", { name: "Let worker-dave in" }).click();
  const plan = page.getByRole("dialog", { name: "Repair access: worker-dave" });
  await plan.getByRole("button", { name: "Apply" }).click();
  await expect(plan).toContainText("Done, and read back.");
  await expect(answer).toContainText("worker-dave is let in.");
  await expect(row(page, "deepseek-ai-route")).toContainText("in order");
  await plan.getByRole("button", { name: "Undo" }).click();
  const undo = page.getByRole("dialog", { name: /^Undo/ });
  await undo.getByRole("button", { name: "Apply" }).click();
  await expect(undo).toContainText("Done, and read back.");
  await undo.getByRole("button", { name: "Done", exact: true }).click();
  await expect(row(page, "deepseek-ai-route")).toContainText("locked out");
});

for (const button of ["Let dave in deepseek-ai-route", "Let 1 agent in"]) {
  test(`“${button}” shows what would be changed`, async ({ page }) => {
    await open(page, "/agm/routes");
    await page.getByRole("button", { name: button, exact: true }).click();
    const plan = page.getByRole("dialog", { name: /^Repair access/ });
    await expect(plan).toContainText("deepseek-ai-route");
    await expect(plan).toContainText("worker-dave");
    await plan.getByRole("button", { name: "Cancel" }).click();
    await expect(row(page, "deepseek-ai-route")).toContainText("locked out");
  });
}

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a repair that cannot be planned says why", async ({ page }) => {
    await open(page, "/agm/routes");
    const failure = { success: false, message: "The console is away.", code: "UPSTREAM_UNAVAILABLE" };
    await page.route("**/ni_status/plans", (route) => route.fulfill({ status: 502, json: failure }));
    await page.getByRole("button", { name: "Let 1 agent in" }).click();
    await expect(page.getByText("The console is away.")).toBeVisible();
  });
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("asking and searching are plain forms that keep each other's words", async ({ page }) => {
    await page.goto("/agm/routes");
    await ask(page, "deepseek-chat", "worker-alice");
    await expect(page.locator("#answer")).toContainText("deepseek-ai-route → deepseek");
    await page.getByRole("searchbox").fill("KIMI-");
    await page.getByRole("searchbox").press("Enter");
    await expect(page.locator("#answer")).toContainText("worker-alice is let in.");
    await expect(row(page, "moonshot-ai-route")).toBeVisible();
    await expect(page.locator("#route-rows > :visible")).toHaveCount(1);
  });
});

test.describe("with two hundred routes", () => {
  const names = Array.from({ length: 200 }, (_, n) => `many-${String(n).padStart(3, "0")}`);
  /** Calls the sandbox's console as its admin. */
  const console_ = async (method: string, path: string, body?: object) => {
    const { console: base, admin } = sandbox();
    const authorization = `Basic ${btoa(`${admin.user}:${admin.password}`)}`;
    const headers = { authorization, "content-type": "application/json" };
    const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
    expect(answer.ok, await answer.text()).toBe(true);
  };
  test.beforeAll(async () => {
    for (const name of names) {
      await console_("POST", "/v1/ai/routes", {
        name,
        domains: ["aigw-local.hiclaw.io"],
        pathPredicate: { matchType: "PRE", matchValue: "/", caseSensitive: false },
        modelPredicates: [{ matchType: "PRE", matchValue: `${name}-`, caseSensitive: true }],
        upstreams: [{ provider: "qwen", weight: 100, modelMapping: {} }],
        authConfig: { enabled: true, allowedCredentialTypes: ["key-auth"], allowedConsumers: ["manager"] },
      });
    }
  });
  test.afterAll(async () => {
    for (const name of names) await console_("DELETE", `/v1/ai/routes/${name}`);
  });

  test("typing narrows them to those that fit, and says when none does", async ({ page }) => {
    const rows = page.locator("#route-rows > :visible");
    await expect(async () => {
      await open(page, "/agm/routes?model=many-150-x");
      await expect(rows).toHaveCount(203, { timeout: 1_000 });
    }).toPass();
    await expect(page.locator("#answer").getByRole("status")).toContainText("many-150");
    await page.getByText("Why each of the 203 routes wins or not").click();
    await expect(page.getByRole("list", { name: "Every route, in order" }).getByText("takes the call")).toBeVisible();
    await page.getByRole("searchbox").fill("many-15");
    await expect(rows).toHaveCount(10);
    await page.getByRole("searchbox").fill("no such route");
    await expect(page.locator("#content").getByText("No route fits.")).toBeVisible();
  });
});
