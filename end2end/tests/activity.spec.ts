import type { Page } from "@playwright/test";
import { ask, behave, expect, open, setModel, test } from "./support/agm.js";

const chat = { target: "worker:alice", provider: "deepseek", model: "deepseek-chat" };
const reasoner = { ...chat, model: "deepseek-reasoner" };

/** Switches alice through the API and gives the operation's id. */
async function change(page: Page, wish: object): Promise<string> {
  const answer = await page.request.post("/ni_status/set-model", { data: wish });
  expect(answer.status(), await answer.text()).toBe(200);
  return (await answer.json()).operation;
}

/** The row of an operation. */
function row(page: Page, id: string) {
  return page.locator("li.past-row").filter({ has: page.locator(`#op-${id}`) });
}

test("an operation unfolds to what it did, and is taken back", async ({ page }) => {
  const id = await change(page, reasoner);
  await open(page, "/agm/activity");
  const done = row(page, id);
  await expect(done.locator("summary")).toContainText("alice » deepseek-reasoner");
  await expect(done.locator("summary")).toContainText("admin · API");
  await expect(done.locator("summary")).toContainText("done");
  await done.locator("summary").click();
  await expect(done.locator(".diff")).toContainText("agents/alice/openclaw.json");
  await expect(done.locator(".diff-after").filter({ hasText: "deepseek-reasoner" }).first()).toBeVisible();
  await expect(done.locator("li.step.done").filter({ hasText: "Test" })).toContainText("deepseek-reasoner");
  await expect(done.locator(".past-facts")).toContainText(id);

  await done.getByRole("button", { name: "Undo alice » deepseek-reasoner" }).click();
  const undo = page.getByRole("dialog", { name: "Undo: alice » deepseek-reasoner" });
  await undo.getByRole("button", { name: "Apply" }).click();
  await expect(undo).toContainText("Done, and read back.");
  await undo.getByRole("button", { name: "Done", exact: true }).click();
  // The row was renewed, is still unfolded, and knows what took it back.
  await expect(done).toContainText("It was undone already.");
  await expect(done.getByRole("button", { name: /Undo/ })).toHaveCount(0);
  const newest = page.locator("li.past-row").first();
  await newest.locator("summary").click();
  await expect(newest.locator(".past-facts")).toContainText(`Takes back${id}`);
  expect((await ask("alice")).text).toContain("deepseek-chat");
});

test.describe("an undo that cannot be", () => {
  test.use({ refusals: true });

  test("says what changed since, and changes nothing", async ({ page }) => {
    const first = await change(page, reasoner);
    await change(page, chat);
    await open(page, "/agm/activity");
    await row(page, first).locator("summary").click();
    await row(page, first).getByRole("button", { name: /^Undo/ }).click();
    const undo = page.getByRole("dialog", { name: "Undo: alice » deepseek-reasoner" });
    await expect(undo.getByRole("alert")).toContainText(`changed since operation ${first}`);
    await undo.getByRole("button", { name: "Close" }).last().click();
    expect((await ask("alice")).text).toContain("deepseek-chat");
  });

  test("a failed change tells its cause and that there is nothing to undo", async ({ page }) => {
    await behave("deepseek", "failing");
    const answer = await page.request.post("/ni_status/set-model", { data: reasoner });
    await behave("deepseek", "healthy");
    expect(answer.status()).toBeGreaterThanOrEqual(400);
    const { operation, message } = await answer.json();
    await open(page, "/agm/activity?outcome=committed");
    await expect(row(page, operation)).toHaveCount(0);
    await open(page, "/agm/activity");
    const failed = row(page, operation);
    await failed.locator("summary").click();
    await expect(failed.locator(".error")).toContainText(message);
    await expect(failed.locator(".past-undo")).toContainText("nothing to undo");
    await expect(failed.getByRole("button")).toHaveCount(0);
  });
});

test("the list is narrowed by outcome, agent, kind and text", async ({ page }) => {
  const id = await change(page, reasoner);
  await change(page, chat);
  await open(page, "/agm/activity");
  await page.getByRole("list", { name: "By outcome" }).getByRole("link", { name: /^done/ }).click();
  await expect(page).toHaveURL(/outcome=committed/);
  await expect(row(page, id)).toBeVisible();

  await page.getByLabel("Agent").selectOption("alice");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page).toHaveURL(/target=worker%3Aalice.*outcome=committed/);
  await expect(row(page, id)).toBeVisible();
  await open(page, "/agm/activity?target=worker%3Anobody");
  await expect(page.getByLabel("Agent")).toHaveValue("worker:nobody");
  await expect(page.locator("li.past-row")).toHaveCount(0);

  await open(page, "/agm/activity?kind=set_model");
  await expect(page.getByLabel("Kind")).toHaveValue("set_model");
  const find = page.getByRole("searchbox", { name: "Find an operation" });
  await find.fill(id);
  await expect(page.locator("li.past-row:visible")).toHaveCount(1);
  await expect(row(page, id)).toBeVisible();
  await find.fill("nobody did this");
  await expect(page.locator("li.past-row:visible")).toHaveCount(0);
  await expect(page.locator("#past").getByText("No operation fits.")).toBeVisible();
  await find.press("Enter");
  await expect(page).toHaveURL(/find=nobody/);
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(row(page, id)).toBeVisible();
});

test("older operations are a page away", async ({ page }) => {
  const all = async () => (await (await page.request.get("/ni_status/operations")).json()).operations;
  for (let count = (await all()).length; count <= 50; count++) {
    // A plan that changes nothing is an operation all the same, and a quick one.
    await change(page, chat);
  }
  const ids: string[] = (await all()).map(({ id }: { id: string }) => id);
  await open(page, "/agm/activity");
  await expect(page.locator("li.past-row")).toHaveCount(50);
  await page.getByRole("link", { name: "Older »" }).click();
  await expect(page).toHaveURL(/before=/);
  await expect(row(page, ids[50])).toHaveCount(1);
  await expect(row(page, ids[0])).toHaveCount(0);
  await page.getByRole("link", { name: "« Newest" }).click();
  await expect(row(page, ids[0])).toHaveCount(1);
});

test("what one request began stands together", async ({ page }) => {
  const { observed } = await (await page.request.get("/ni_status/assignment/workers/bob")).json();
  const data = { targets: ["worker:alice", "worker:bob"], provider: "qwen", model: "qwen3.5-plus" };
  const answer = await page.request.post("/ni_status/set-models", { data });
  expect(answer.status(), await answer.text()).toBe(200);
  const { id } = await answer.json();
  await open(page, "/agm/activity");
  const group = page.locator("li.past-bulk").first();
  await expect(group).toContainText("2 agents » qwen3.5-plus");
  await expect(group.locator("li.past-row")).toHaveCount(2);
  await group.getByRole("link", { name: "2 agents » qwen3.5-plus" }).click();
  await expect(page).toHaveURL(new RegExp(`find=${id}`));
  await expect(page.locator("li.past-row")).toHaveCount(2);
  await setModel(page, "alice", "deepseek", "deepseek-chat");
  await setModel(page, "bob", observed.provider, observed.model);
});

test("one that runs is counted in the navigation, shown as it goes, and followed", async ({ page }) => {
  await open(page, "/agm/activity");
  await behave("deepseek", "thinking");
  const begun = await page.request.post("/ni_status/operations", { data: { kind: "set_model", ...reasoner } });
  expect(begun.status(), await begun.text()).toBe(202);
  const { id } = await begun.json();
  const running = row(page, id);
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("button", { name: "1 running" })).toHaveText("1");
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByRole("button", { name: /^Menu ?, something is running$/ })).toBeVisible();
  await page.setViewportSize({ width: 1280, height: 860 });
  await expect(running.locator(".past-under")).toContainText(/step \d+ of \d+: Test/);
  await running.getByRole("button", { name: "Follow alice » deepseek-reasoner" }).click();
  const dialog = page.getByRole("dialog", { name: "alice » deepseek-reasoner" });
  await expect(dialog.locator("li.step.running")).toHaveCount(1);
  await dialog.getByRole("button", { name: "Leave" }).click();
  await behave("deepseek", "healthy");
  await expect(running.locator("summary")).toContainText("done", { timeout: 15_000 });
  await expect(running.getByRole("button", { name: /^Follow/ })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "1 running" })).toHaveCount(0);
  await change(page, chat);
});

test("an operation has a page of its own", async ({ page }) => {
  const id = await change(page, reasoner);
  await change(page, chat);
  await open(page, "/agm/activity");
  await row(page, id).locator("summary").click();
  await row(page, id).getByRole("link", { name: "Page of this operation" }).click();
  await expect(page).toHaveURL(new RegExp(`/agm/activity/${id}$`));
  await expect(page).toHaveTitle(/alice » deepseek-reasoner/);
  await expect(page.getByRole("heading", { name: "alice » deepseek-reasoner" })).toBeVisible();
  await expect(page.locator(".past-facts")).toContainText(id);
  await page.getByRole("link", { name: "« All operations" }).click();
  await expect(row(page, id)).toBeVisible();
});

test("the audit log is checked", async ({ page }) => {
  await change(page, reasoner);
  await change(page, chat);
  await open(page, "/agm/activity");
  await expect(page.locator(".trail")).toContainText(/Audit log: \d+ lines, each follows the one before it\./);
});

test.describe("far from Greenwich", () => {
  // Fourteen hours ahead: most operations are of another day there than by the server's clock.
  test.use({ timezoneId: "Pacific/Kiritimati", locale: "en-US" });

  test("every operation has its day and its time by the reader's clock", async ({ page }) => {
    await change(page, reasoner);
    await change(page, chat);
    await open(page, "/agm/activity");
    const times = await page.locator("li.past-row summary > time").evaluateAll((all) =>
      all.map((time) => ({ instant: time.getAttribute("datetime")!, shown: time.textContent })),
    );
    expect(times.length).toBeGreaterThan(1);
    for (const { instant, shown } of times) {
      // The clock of the place has no other offset, and no summer time.
      const [, month, day, time] = new Date(Date.parse(instant) + 14 * 3_600_000)
        .toISOString()
        .match(/^\d+-(\d+)-(\d+)T(\d+:\d+)/)!;
      expect(shown).toMatch(new RegExp(`^${month}/${day}(/\\d\\d)? ${time}$`));
    }
    await expect(page.locator("#past")).not.toContainText("UTC");
  });
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("every operation has its day and its time in UTC, and says so", async ({ page }) => {
    await change(page, reasoner);
    await change(page, chat);
    await page.goto("/agm/activity");
    const newest = page.locator("li.past-row summary > time").first();
    const instant = (await newest.getAttribute("datetime"))!;
    await expect(newest).toHaveText(`${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`);
  });
});

test.describe("an operation that nobody knows", () => {
  test.use({ refusals: true });

  test("is said so, with 404", async ({ page }) => {
    for (const id of ["01JD0000000000000000000000", "no-id", "%2541"]) {
      const answer = await page.goto(`/agm/activity/${id}`);
      expect(answer?.status()).toBe(404);
      await expect(page.getByRole("heading", { name: "No such operation" })).toBeVisible();
      await expect(page.getByText(decodeURIComponent(id))).toBeVisible();
    }
    await page.getByRole("link", { name: "All operations" }).first().click();
    await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
  });
});
