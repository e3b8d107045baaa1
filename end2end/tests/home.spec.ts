import type { Page } from "@playwright/test";
import { expect, open, setModel, test } from "./support/agm.js";
import { OwnServer } from "../own-server.mjs";

const desk = (page: Page, name: string) => page.getByRole("article", { name });

test("the office shows everybody with status, model and trouble", async ({ page }) => {
  await open(page, "/agm/");
  await expect(desk(page, "alice")).toContainText("deepseek-chat");
  await expect(desk(page, "bob")).toContainText("fix #214");
  await expect(desk(page, "carol")).toContainText("asleep");
  await expect(desk(page, "dave")).toContainText("consumer worker-dave is not allowed");
  await expect(desk(page, "erin")).toContainText("offline");
  await expect(desk(page, "Manager")).toContainText("qwen · default-ai-route · 200K context");
  await expect(desk(page, "Manager").getByText("observed")).toBeVisible();
  await expect(page.getByRole("list", { name: "Systems" }).getByRole("listitem")).toHaveCount(4);
});

test("people are drawn by their true status, and each drawing that they refer to is there", async ({ page }) => {
  await open(page, "/agm/");
  const pose = (name: string) => desk(page, name).locator("svg.avatar");
  await expect(pose("alice")).toHaveClass(/pose-idle/);
  await expect(pose("bob")).toHaveClass(/pose-busy/);
  await expect(pose("carol")).toHaveClass(/pose-asleep/);
  await expect(pose("erin")).toHaveClass(/pose-away/);
  const missing = await page.evaluate(() => {
    const ids = [...document.querySelectorAll("use")].map((use) => use.getAttribute("href")!);
    return ids.filter((id) => !document.querySelector(id));
  });
  expect(missing).toEqual([]);
});

test("the alarm's repair is shown before anything is changed, mends dave's access, and can be taken back", async ({ page }) => {
  await open(page, "/agm/");
  const alarm = page.getByRole("alert");
  await expect(alarm).toContainText("dave cannot reach its model");
  await alarm.getByRole("button", { name: "Show the repair" }).click();
  const plan = page.getByRole("dialog", { name: "Repair access: worker-dave" });
  await expect(plan).toContainText("worker-dave");
  await plan.getByRole("button", { name: "Cancel" }).click();
  await expect(alarm).toContainText("dave cannot reach its model");

  await alarm.getByRole("button", { name: "Show the repair" }).click();
  await plan.getByRole("button", { name: "Apply" }).click();
  await expect(plan).toContainText("Done, and read back.");
  await expect(desk(page, "dave")).not.toContainText("not callable");
  await expect(page.locator("#alarm")).not.toContainText("dave");
  await plan.getByRole("button", { name: "Undo" }).click();
  const undo = page.getByRole("dialog", { name: /^Undo/ });
  await undo.getByRole("button", { name: "Apply" }).click();
  await expect(undo).toContainText("Done, and read back.");
  await undo.getByRole("button", { name: "Done", exact: true }).click();
  await expect(alarm).toContainText("dave cannot reach its model");
  await expect(page.locator("#log")).toContainText("admin");
});

test("what changes elsewhere is seen without a reload, and the focus stays", async ({ page }) => {
  await open(page, "/agm/");
  await page.evaluate(() => document.body.setAttribute("data-same", ""));
  const press = desk(page, "alice").getByRole("button", { name: "Set model of alice" });
  await press.focus();
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await expect(desk(page, "alice")).toContainText("deepseek-reasoner");
  await expect(page.locator("#log")).toContainText("alice » deepseek-reasoner");
  await expect(press).toBeFocused();
  await expect(page.locator("body")).toHaveAttribute("data-same", "");
  await setModel(page, "alice", "deepseek", "deepseek-chat");
});

test("quick actions open what they name, and a backup is taken at once", async ({ page }) => {
  await open(page, "/agm/");
  for (const [button, dialog] of [
    ["+ Add provider", "Add provider"],
    ["Set Manager model", "Set model of Manager"],
  ]) {
    await page.getByRole("button", { name: button, exact: true }).click();
    const shown = page.getByRole("dialog", { name: dialog });
    await expect(shown).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(shown).toHaveCount(0);
  }
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page.getByText("Backed up.")).toBeVisible();
  await expect(page.locator("#last-backup")).toContainText("Last backup");
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a backup that cannot be taken says why", async ({ page }) => {
    await open(page, "/agm/");
    const failure = { success: false, message: "The disk is full.", code: "INTERNAL" };
    await page.route("**/ni_status/backups", (route) => route.fulfill({ status: 500, json: failure }));
    await page.getByRole("button", { name: "Back up now" }).click();
    await expect(page.getByText("The disk is full.")).toBeVisible();
  });
});

test("with reduced motion everything is still, and without it people are alive", async ({ page }) => {
  const moving = () => page.evaluate(() => document.getAnimations().length);
  await open(page, "/agm/");
  expect(await moving()).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await expect.poll(moving).toBe(0);
});

test("nothing shifts while the page comes up", async ({ page }) => {
  await open(page, "/agm/");
  await page.evaluate(() => document.fonts.ready);
  const shifted = await page.evaluate(
    () =>
      new Promise<number>((tell) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => tell(sum)));
      }),
  );
  expect(shifted).toBeLessThan(0.01);
});

test("a theme is switched at once and is there before the first paint of the next load", async ({ page }) => {
  await open(page, "/agm/");
  await page.getByRole("button", { name: "Cyber" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "cyber");
  const cyber = await page.evaluate(() => getComputedStyle(document.body.parentElement!).backgroundColor);
  // The theme is looked at when the parser meets the body: before anything was painted, before WebAssembly was loaded.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.body) return;
      sessionStorage.setItem("first", document.documentElement.dataset.theme ?? "");
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  await open(page, "/agm/");
  expect(await page.evaluate(() => sessionStorage.getItem("first"))).toBe("cyber");
  expect(await page.evaluate(() => getComputedStyle(document.body.parentElement!).backgroundColor)).toBe(cyber);
  await expect(page.getByRole("button", { name: "Cyber" })).toHaveAttribute("aria-pressed", "true");
});

test.describe("with more workers than desks", () => {
  let office: OwnServer;
  test.beforeAll(async () => {
    test.setTimeout(120_000);
    office = await OwnServer.start(["--more-workers", "115", "--more-providers", "17"]);
  });
  test.afterAll(() => office.stop());
  test.beforeEach(async ({ page }) => {
    const account = { username: "admin", password: "admin" };
    expect((await page.request.post(`${office.url}/ni_status/login`, { data: account })).status()).toBe(204);
  });

  const seats = (page: Page) => page.locator(".seat:visible");

  test("the floor has a room for each team, and one for those of none", async ({ page }) => {
    await open(page, `${office.url}/agm/`);
    await expect(page.locator(".seat")).toHaveCount(120);
    const room = page.locator(".room").first();
    await expect(room.getByRole("list")).toHaveCount(1);
    await expect(room.getByRole("listitem")).toHaveCount(await room.locator(".seat").count());
    await expect(page.getByRole("heading", { name: /^backend/ })).toBeVisible();
    await expect(page.getByRole("heading", { name: /^no team/ })).toBeVisible();
  });

  test("typing narrows the floor to whoever fits, by any word, and says when nobody does", async ({ page }) => {
    await open(page, `${office.url}/agm/`);
    const search = page.getByRole("searchbox", { name: "Find a worker" });
    await search.fill("ada-");
    await expect(seats(page)).toHaveCount(6);
    await search.fill("review #219");
    await expect(seats(page)).toHaveCount(1);
    await expect(seats(page)).toContainText("dave");
    await expect(page.getByRole("heading", { name: /^backend/ })).toBeHidden();
    await search.fill("nobody is called so");
    await expect(seats(page)).toHaveCount(0);
    await expect(page.locator("#content").getByText("Nobody fits.")).toBeVisible();
    await search.fill("");
    await expect(page.locator("#rooms:not([hidden]) li")).toHaveCount(120);
    await expect(page.locator("#found")).toBeHidden();
    await expect(page.getByRole("heading", { name: /^backend/ })).toBeVisible();
  });

  test("all that fit come into view, block after block, and stay there while the floor is renewed", async ({ page }) => {
    await open(page, `${office.url}/agm/`);
    const found = page.locator("#found .seat");
    const fitting = await page.locator("#rooms [data-text*='a']").count();
    await page.getByRole("searchbox").fill("a");
    await expect(found).toHaveCount(fitting);
    await page.getByRole("searchbox").fill("alice");
    await expect(found).toHaveCount(1);

    await setModel(page, "alice", "deepseek", "deepseek-reasoner", office.url);
    await expect(found).toContainText("deepseek-reasoner");
    await expect(page.locator("#rooms")).toBeHidden();
    await setModel(page, "alice", "deepseek", "deepseek-chat", office.url);
    await page.getByRole("searchbox").fill("");
    await expect(page.locator("#rooms")).toBeVisible();
    await expect(found).toHaveCount(0);
  });

  test("a count narrows the floor to its status, and its address does so without script", async ({ page, browser }) => {
    await open(page, `${office.url}/agm/`);
    const count = page.getByRole("list", { name: "By status" }).getByRole("link", { name: /^trouble/ });
    await count.click();
    await expect(page.getByRole("searchbox")).toHaveValue("trouble");
    await expect(seats(page)).toHaveCount(1);
    await expect(count).toHaveAttribute("aria-current", "true");

    const context = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
    const plain = await context.newPage();
    await plain.goto(`${office.url}/agm/?find=trouble`);
    await expect(plain.getByRole("searchbox")).toHaveValue("trouble");
    await expect(plain.locator(".seat:visible")).toHaveCount(1);
    await context.close();
  });

  test("all that fit are marked together, also those that have yet to come into view", async ({ page }) => {
    await open(page, `${office.url}/agm/models`);
    const rows = page.locator("#agent-rows tr");
    await page.getByRole("searchbox").fill("ada-001");
    await expect(rows.filter({ visible: true })).toHaveCount(1);
    // Between two frames: what fits comes into view over several.
    await page.getByRole("searchbox").evaluate((find: HTMLInputElement) => {
      find.value = "";
      find.dispatchEvent(new Event("input", { bubbles: true }));
      document.querySelector<HTMLElement>("[data-check-all]")?.click();
    });
    await expect(page.locator("[data-checked-count]")).toHaveText(String(await rows.count()));
  });

  test("a seat opens the switch of whoever sits there", async ({ page }) => {
    await open(page, `${office.url}/agm/?find=ada-001`);
    await seats(page).first().click();
    await expect(page.getByRole("dialog", { name: "Set model of ada-001" })).toBeVisible();
  });
});
