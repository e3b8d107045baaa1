import type { Page } from "@playwright/test";
import { expect, open, renewedBy, setModel, test } from "./support/agm.js";

const BACKUPS = "/ni_status/backups";

/** Opens a page that does not hear what the server tells: each renewal is due to the test's own `tell`. */
async function openDeaf(page: Page, path: string) {
  await page.addInitScript(() => {
    EventSource.prototype.addEventListener = ((topic: string, heard: (told: MessageEvent) => void) =>
      window.addEventListener(`test-${topic}`, () => heard(new MessageEvent(topic)))) as EventSource["addEventListener"];
  });
  await open(page, path);
}

const tell = (page: Page, topic: string) =>
  page.evaluate((topic) => window.dispatchEvent(new Event(`test-${topic}`)), topic);

test.describe("a renewal that does not come", () => {
  test.use({ refusals: true });
  test.afterEach(async ({ page }) => {
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await setModel(page, "alice", "deepseek", "deepseek-chat");
  });

  for (const how of ["fails", "is refused", "hangs"] as const) {
    test(`is asked for again when it ${how}`, async ({ page }) => {
      // What hangs is given up after its time, of which a test need not wait for all.
      await page.addInitScript(() => {
        const real = AbortSignal.timeout.bind(AbortSignal);
        AbortSignal.timeout = (milliseconds) => {
          Object.assign(window, { givenUpAfter: milliseconds });
          return real(milliseconds / 20);
        };
      });
      await openDeaf(page, "/agm/models");
      const alice = page.getByRole("row", { name: /alice/ });
      await setModel(page, "alice", "deepseek", "deepseek-reasoner");
      await expect(alice).toContainText("deepseek-chat");

      let asked = 0;
      await page.route("**/agm/models", (route) => {
        asked += 1;
        if (asked > 2) return route.continue();
        if (how === "fails") return route.abort();
        if (how === "is refused") return route.fulfill({ status: 503, body: "" });
      });
      await tell(page, "office");
      await expect(alice).toContainText("deepseek-reasoner", { timeout: 15_000 });
      expect(asked).toBeGreaterThan(2);
      expect(await page.evaluate(() => (window as unknown as { givenUpAfter: number }).givenUpAfter)).toBe(40_000);
      await expect(page.getByText("The server does not answer.")).toHaveCount(0);
    });
  }

  test("is not lost to one about something else that comes", async ({ page }) => {
    await openDeaf(page, "/agm/");
    const alice = page.getByRole("article", { name: "alice" });
    await setModel(page, "alice", "deepseek", "deepseek-reasoner");
    await expect(alice).toContainText("deepseek-chat");

    const asked: string[] = [];
    await page.route("**/agm/", async (route) => {
      asked.push(route.request().headers()["x-agm-renew"]);
      if (asked.length > 1) return route.continue();
      // There is news of something else before this one fails.
      await tell(page, "metrics");
      return route.abort();
    });
    await tell(page, "office");
    await expect(alice).toContainText("deepseek-reasoner", { timeout: 15_000 });
    expect(asked[0]).toBe("office");
  });
});

test.describe("a page that fails while the news come in", () => {
  test.use({ refusals: true });

  test("says so when it fails again, and no more when the server answers whatever it is", async ({ page }) => {
    const news = page.waitForResponse(/ni_status\/stream/);
    await openDeaf(page, "/agm/models");
    await news;
    let status = 503;
    await page.route("**/agm/models", (route) => route.fulfill({ status, body: "" }));
    await tell(page, "office");
    const banner = page.getByText("The server does not answer.");
    await expect(banner.first()).toBeVisible({ timeout: 15_000 });
    status = 404;
    await expect(banner).toHaveCount(0, { timeout: 15_000 });
  });
});

test.describe("a page that nobody sees", () => {
  test.use({ refusals: true });

  const hide = (page: Page, hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);

  /** Lets the page load what it loads when it has nothing to do: a part that is on its way when the clock jumps is given up. */
  const rest = async (page: Page) => {
    const kept = page.waitForResponse(/ni_status\/backups$/);
    await page.clock.runFor(5_000);
    await kept;
  };

  test("is not asked for again before somebody does", async ({ page }) => {
    await page.clock.install();
    await openDeaf(page, "/agm/models");
    await rest(page);
    let asked = 0;
    await page.route("**/agm/models", (route) => {
      asked += 1;
      return asked === 1 ? route.abort() : route.continue();
    });
    await hide(page, true);
    const failed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/agm/models"));
    await tell(page, "office");
    await failed;
    // Long after it would have been asked for again.
    await page.clock.runFor(60_000);
    expect(asked).toBe(1);
    await hide(page, false);
    await expect.poll(() => asked).toBe(2);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });

  test("follows the news only when somebody does, and once more after it was turned away", async ({ page }) => {
    await page.clock.install();
    await page.addInitScript(() => Object.defineProperty(document, "hidden", { value: true, configurable: true }));
    let asked = 0;
    await page.route("**/ni_status/stream*", (route) => {
      asked += 1;
      return asked === 1 ? route.fulfill({ status: 503, body: "" }) : route.continue();
    });
    await open(page, "/agm/models");
    await rest(page);
    await page.clock.runFor(60_000);
    expect(asked, "behind another tab").toBe(0);
    await hide(page, false);
    await expect.poll(() => asked).toBe(1);
    const later = async () => {
      await page.clock.runFor(31_000);
      return asked;
    };
    await expect.poll(later).toBe(2);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });
});

/** Adds a provider, and tells which operation did it. */
async function addProvider(page: Page, name: string): Promise<string> {
  const provider = { name, type: "zhipuai", tokens: [`sk-${name}-key`] };
  const added = await page.request.post("/ni_status/providers", { data: provider });
  expect(added.status(), await added.text()).toBe(201);
  const { operations } = await (await page.request.get("/ni_status/operations?limit=1")).json();
  return operations[0].id;
}

test("what was unfolded in a row does not move to a new one that has the same", async ({ page }) => {
  const older = page.locator(`#op-${await addProvider(page, "glm-older")}`);
  await open(page, "/agm/activity");
  const more = older.locator("details").first();
  await older.locator("> summary").click();
  await more.locator("summary").click();
  await expect(more).toHaveAttribute("open");

  // Of two providers of a type only the first gets a route.
  expect((await page.request.delete("/ni_status/providers/glm-older")).status()).toBe(200);
  const newer = page.locator(`#op-${await addProvider(page, "glm-newer")}`);
  const words = await more.locator("summary").textContent();
  const same = newer.locator("details").first();
  await expect(same.locator("summary")).toHaveText(words ?? "");
  await expect(same).not.toHaveAttribute("open");
  await expect(more).toHaveAttribute("open");
  expect((await page.request.delete("/ni_status/providers/glm-newer")).status()).toBe(200);
});

test("what was unfolded and has no id stays so", async ({ page }) => {
  const provider = { name: "glm-folded", type: "zhipuai", tokens: ["sk-folded-key"] };
  const added = await page.request.post("/ni_status/providers", { data: provider });
  expect(added.status(), await added.text()).toBe(201);
  const { operations } = await (await page.request.get("/ni_status/operations?limit=1")).json();
  await open(page, `/agm/activity/${operations[0].id}`);
  const more = page.locator("#operation details:not([id])").first();
  await more.locator("summary").click();
  await expect(more).toHaveAttribute("open");
  const undo = page.getByRole("button", { name: /Undo/ });
  await expect(undo).toHaveCount(1);
  const undone = await page.request.post(`/ni_status/operations/${operations[0].id}/undo`, { data: {} });
  expect(undone.ok(), await undone.text()).toBe(true);
  await expect(undo).toHaveCount(0);
  await expect(more).toHaveAttribute("open");
});

async function clearBackups(page: Page) {
  const { backups } = await (await page.request.get(BACKUPS)).json();
  for (const { id } of backups) {
    expect((await page.request.post(`${BACKUPS}/${id}/delete`, { data: {} })).status()).toBe(204);
  }
}

test("a character that is put together is not lost to what happens elsewhere", async ({ page, context }) => {
  await clearBackups(page);
  expect((await page.request.post(BACKUPS, { data: { name: "first" } })).status()).toBe(201);
  await open(page, "/agm/backups");
  const first = page.locator("li.backup").filter({ hasText: "first" });
  await first.getByText("More", { exact: true }).click();
  const name = first.getByLabel("Name, if you like");
  await name.fill("");
  const keyboard = await context.newCDPSession(page);
  await keyboard.send("Input.imeSetComposition", { text: "bei", selectionStart: 3, selectionEnd: 3 });
  await expect(name).toHaveValue("bei");

  await renewedBy(page, () => setModel(page, "alice", "deepseek", "deepseek-reasoner"));
  // The part beside it is renewed, and this one waits for the end of the character.
  await expect(page.locator("#present")).toContainText("There is no backup of how things are now.");
  await expect(first).toContainText("as now");
  await keyboard.send("Input.imeSetComposition", { text: "beif", selectionStart: 4, selectionEnd: 4 });
  await expect(name).toHaveValue("beif");
  await keyboard.send("Input.insertText", { text: "备份" });
  await expect(name).toHaveValue("备份");
  await expect(first).not.toContainText("as now");
  await expect(name).toHaveValue("备份");
  await expect(name).toBeFocused();

  await setModel(page, "alice", "deepseek", "deepseek-chat");
  await clearBackups(page);
});

test("a press that a renewal comes upon is not lost", async ({ page }) => {
  await openDeaf(page, "/agm/models");
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await page.getByRole("button", { name: "Set model of alice" }).hover();
  await page.mouse.down();
  await renewedBy(page, () => tell(page, "office"));
  await page.mouse.up();
  await expect(page.getByRole("dialog", { name: "Set model of alice" })).toBeVisible();
  await expect(page.locator("main")).toContainText("deepseek-reasoner");

  await setModel(page, "alice", "deepseek", "deepseek-chat");
});
