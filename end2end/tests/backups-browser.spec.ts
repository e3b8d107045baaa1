import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "@playwright/test";
import { OwnServer } from "../own-server.mjs";
import { expect, open, sandbox, setModel, test } from "./support/agm.js";

const BACKUPS = "/ni_status/backups";
const PREFIX = "agm-backup:";
const CLEAR_TEXT = "ai-gateway-backup";

const section = (page: Page) => page.getByRole("region", { name: "In this browser" });
/** The copies in this browser, newest first. */
const rows = (page: Page) => section(page).locator("li.held");
const row = (page: Page, name: string) => rows(page).filter({ hasText: name });

/** Takes a backup through the API. */
async function take(page: Page, name: string): Promise<string> {
  const answer = await page.request.post(BACKUPS, { data: { name } });
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).backup.id;
}

/** The ids of the backups that lie in the browser, oldest first. */
async function kept(page: Page): Promise<string[]> {
  const keys = await page.evaluate(() => Object.keys(localStorage));
  return keys.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length)).sort();
}

const item = (page: Page, key: string) => page.evaluate((key) => localStorage.getItem(key), key);

/** Puts texts there as another program would, before anything of a page runs. */
async function plant(context: BrowserContext, texts: Record<string, string>) {
  const put = (texts: Record<string, string>) => {
    if (sessionStorage.getItem("planted")) return;
    sessionStorage.setItem("planted", "yes");
    for (const [key, text] of Object.entries(texts)) localStorage.setItem(key, text);
  };
  await context.addInitScript(put, texts);
}

async function unfold(page: Page, name: string) {
  await row(page, name).getByText("More", { exact: true }).click();
}

/** Of the server's backups nothing is left over. */
async function clear(page: Page) {
  const { backups } = await (await page.request.get(BACKUPS)).json();
  for (const { id } of backups) {
    await page.request.post(`${BACKUPS}/${id}/unpin`, { data: {} });
    expect((await page.request.post(`${BACKUPS}/${id}/delete`, { data: {} })).status()).toBe(204);
  }
}

test.beforeEach(async ({ page }) => clear(page));
test.afterEach(async ({ page }) => clear(page));

test("a backup is kept by every page as soon as the server has it, and shows in other tabs", async ({ page, context }) => {
  await open(page, "/agm/backups");
  await expect(section(page)).toContainText("0 of 20 places");
  const other = await context.newPage();
  await open(other, "/agm/providers");
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("before alice » deepseek-reasoner · admin");
  await expect(rows(page)).toContainText(/\d+ providers · \d+ routes · \d+ agents · \d+\.\d KB/);

  // The page about providers alone keeps the next one, and this one, which is elsewhere meanwhile, comes back to it.
  await page.goto("about:blank");
  await setModel(other, "alice", "deepseek", "deepseek-chat");
  await expect.poll(() => kept(other)).toHaveLength(2);
  await open(page, "/agm/backups");
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText("before alice » deepseek-chat");
});

test("a page that is at rest keeps what was taken before it was opened", async ({ page }) => {
  const id = await take(page, "earlier");
  await open(page, "/agm/models");
  await expect.poll(() => kept(page)).toEqual([id]);
});

test("a copy is checked, pinned and unpinned, and removed for good after a question", async ({ page }) => {
  const id = await take(page, "good start");
  await open(page, "/agm/backups");
  await unfold(page, "good start");
  await row(page, "good start").getByRole("button", { name: "Check" }).click();
  await expect(row(page, "good start").getByRole("status")).toContainText(/The server opened it: it is whole. \d+ providers .* \d+ keys/);

  const pin = row(page, "good start").getByRole("button", { name: "Pin: the copy of good start in this browser" });
  await pin.press("Enter");
  await expect(row(page, "good start").locator(".pinned")).toBeVisible();
  const unpin = row(page, "good start").getByRole("button", { name: "Unpin: the copy of good start" });
  await expect(unpin).toBeFocused();
  await expect(section(page)).toContainText("0 of 20 places · 1 pinned");
  await unpin.press("Enter");
  await expect(row(page, "good start").locator(".pinned")).toHaveCount(0);

  await row(page, "good start").getByText("Remove…").click();
  await expect(row(page, "good start")).toContainText("The server keeps its own.");
  await row(page, "good start").getByRole("button", { name: "Remove it" }).click();
  await expect(rows(page)).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "In this browser" })).toBeFocused();
  // It is not wanted again, and what comes after it is.
  const next = await take(page, "next");
  await expect.poll(() => kept(page)).toEqual([next]);
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await clear(page);
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("removed")))).toEqual([]);
  expect(await kept(page)).toEqual([next]);
  expect(id).not.toEqual(next);
});

test("a name that is given on the server is that of the copy", async ({ page }) => {
  const id = await take(page, "old name");
  await open(page, "/agm/backups");
  await expect(row(page, "old name")).toHaveCount(1);
  await page.request.post(`${BACKUPS}/${id}/rename`, { data: { name: "new name" } });
  await expect(row(page, "new name")).toHaveCount(1);
});

test("what the server has lost is brought back, and compared", async ({ page }) => {
  const id = await take(page, "to come back");
  await open(page, "/agm/backups");
  await expect(row(page, "to come back")).toHaveCount(1);
  await expect(row(page, "to come back")).not.toContainText("only here");
  await clear(page);
  await expect(row(page, "to come back")).toContainText("only here");
  await row(page, "to come back").getByRole("button", { name: "Bring back" }).click();
  await expect(page).toHaveURL(new RegExp(`compare=${id}`));
  await expect(page.getByRole("region", { name: "This backup and now" })).toContainText("Everything in this backup is as it is now.");
  await expect(row(page, "to come back")).not.toContainText("only here");
});

test("a file that was downloaded comes back by the form of imports", async ({ page }) => {
  const id = await take(page, "to carry");
  await open(page, "/agm/backups");
  await unfold(page, "to carry");
  const started = page.waitForEvent("download");
  await row(page, "to carry").getByRole("button", { name: "Download: the copy of to carry" }).click();
  const download = await started;
  expect(download.suggestedFilename()).toBe(`agm-backup-${id}.sealed.json`);
  const file = await download.path();
  await clear(page);
  await page.getByText("Import a file").click();
  await page.getByLabel("File", { exact: true }).setInputFiles(file);
  await expect(page.getByLabel("Its text")).toHaveValue(readFileSync(file, "utf8"));
  await page.locator(".backup-import").getByRole("button", { name: "Import" }).click();
  await expect(page.locator(`#b-${id}`)).toBeVisible();
});

test("the newest twenty are kept, and those that are pinned", async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, "/agm/backups");
  const ids = [await take(page, "number 0"), await take(page, "number 1")];
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Pin: the copy of number 0 in this browser" }).click();
  await expect(section(page)).toContainText("1 of 20 places · 1 pinned");
  for (let number = 2; number < 25; number += 1) ids.push(await take(page, `number ${number}`));
  await expect.poll(() => kept(page)).toEqual([ids[0], ...ids.slice(-20)]);
  await expect(section(page)).toContainText("20 of 20 places · 1 pinned");
});

/** Fills the storage with foreign texts to a share of its room; tells what lies there. */
const fill = (page: Page, share: number) =>
  page.evaluate((share) => {
    const put = (key: string, length: number) => {
      try {
        localStorage.setItem(key, "x".repeat(length));
        return true;
      } catch {
        return false;
      }
    };
    let room = 0;
    for (let step = 1 << 22; step > 0; step >>= 1) if (put("foreign", room + step)) room += step;
    put("foreign", Math.floor(room * share));
    return localStorage.getItem("foreign")!.length;
  }, share);

test("a storage that others have filled by half keeps as many as any", async ({ page }) => {
  await open(page, "/agm/backups");
  const length = await fill(page, 0.5);
  const ids = [];
  for (let number = 0; number < 20; number += 1) ids.push(await take(page, `number ${number}`));
  await expect.poll(() => kept(page)).toEqual(ids);
  expect((await item(page, "foreign"))!.length).toBe(length);
});

test("a storage that others have filled to 99 % keeps the newest that fit, and says that it has room for fewer", async ({ page }) => {
  await open(page, "/agm/backups");
  const length = await fill(page, 0.99);
  const ids = [];
  for (let number = 0; number < 25; number += 1) ids.push(await take(page, `number ${number}`));
  await expect(section(page)).toContainText("This browser has room for fewer backups than that. The newest are here.");
  await expect.poll(async () => (await kept(page)).at(-1)).toBe(ids.at(-1));
  const held = await kept(page);
  expect(held.length).toBeGreaterThan(4);
  expect(held.length).toBeLessThan(20);
  await expect.poll(() => kept(page)).toEqual(ids.slice(-held.length));
  await expect(rows(page)).toHaveCount(held.length);
  expect((await item(page, "foreign"))!.length).toBe(length);
});

test("a storage that others have filled keeps nothing, says so, and loses nothing of theirs", async ({ page }) => {
  await open(page, "/agm/backups");
  const length = await fill(page, 1);
  await take(page, "left out");
  await expect(section(page)).toContainText("This browser has no room for another backup");
  expect(await kept(page)).toEqual([]);
  expect((await item(page, "foreign"))!.length).toBe(length);
  await page.evaluate(() => localStorage.removeItem("foreign"));
  await take(page, "room");
  await expect(rows(page)).toHaveCount(2);
  await expect(section(page)).not.toContainText("has no room");
});

for (const [what, stub] of [
  ["writes something else", "const set = Storage.prototype.setItem; Storage.prototype.setItem = function (key, text) { set.call(this, key, key.startsWith('agm-backup:') ? text.slice(1) : text); };"],
  ["reads something else", "const get = Storage.prototype.getItem; Storage.prototype.getItem = function (key) { const text = get.call(this, key); return key.startsWith('agm-backup:') && text ? text.slice(1) : text; };"],
]) {
  test(`a browser that ${what} has kept nothing, and says so`, async ({ page }) => {
    await page.addInitScript(stub);
    await take(page, "not kept");
    await open(page, "/agm/backups");
    await expect(section(page)).toContainText("what was read back is not what was written");
    expect(await kept(page)).toEqual([]);
  });
}

test("two tabs that keep two hundred backups lose none", async ({ page, context }) => {
  test.setTimeout(300_000);
  // Which tab wrote what, as the browser saw it.
  await context.addInitScript(() => {
    const set = Storage.prototype.setItem;
    Object.assign(window, { wrote: [] });
    Storage.prototype.setItem = function (key, text) {
      set.call(this, key, text);
      if (key.startsWith("agm-backup:")) (window as unknown as { wrote: string[] }).wrote.push(key);
    };
  });
  const other = await context.newPage();
  await open(page, "/agm/backups");
  await open(other, "/agm/monitor");
  const ids: string[] = [];
  while (ids.length < 200) {
    const batch: string[] = [];
    for (let number = 0; number < 10; number += 1) batch.push(await take(page, `number ${ids.length + number}`));
    // More than the ring holds: each is pinned, as a person could.
    await page.evaluate((batch) => batch.forEach((id) => localStorage.setItem(`agm-backup-pin:${id}`, "1")), batch);
    ids.push(...batch);
    await expect.poll(async () => (await kept(page)).slice(-10)).toEqual(batch);
  }
  expect(await kept(page)).toEqual(ids);
  const wrote = (tab: Page) => tab.evaluate(() => (window as unknown as { wrote: string[] }).wrote.length);
  expect(await wrote(page)).toBeGreaterThan(20);
  expect(await wrote(other)).toBeGreaterThan(20);
  // Each is whole: the server opens it.
  for (const id of ids) {
    const { backup } = JSON.parse((await item(page, PREFIX + id))!);
    expect((await page.request.post(`${BACKUPS}/verify`, { data: { sealed: backup } })).status(), id).toBe(200);
  }
});

test("a browser that keeps nothing says so, and everything else works", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  await open(page, "/agm/backups");
  await expect(section(page)).toContainText("This browser keeps nothing for this page");
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page.locator("#backups li.backup")).toHaveCount(1);
  await expect(section(page)).toContainText("This browser keeps nothing for this page");
});

test("a theme is chosen also where the browser does not keep it", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", { get: () => null });
  });
  const warned = page.waitForEvent("console", (message) => message.text().includes("does not keep the theme"));
  await page.addInitScript(() => {
    console.warn = console.info;
  });
  await open(page, "/agm/");
  await page.locator("[data-theme-name='cyber']").click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "cyber");
  await warned;
});

test("what is no backup is shown as that, and stays until a person removes it", async ({ page, context }) => {
  const torn = `${PREFIX}01JD0000000000000000000000`;
  await plant(context, { [torn]: '{"backup":', [`${PREFIX}hello`]: "somebody's", notes: "somebody's" });
  await open(page, "/agm/backups");
  const id = await take(page, "sound");
  await expect(row(page, "sound")).toHaveCount(1);
  await page.getByText("2 things here look like backups and are none").click();
  const odd = section(page).locator(".here-odd li");
  await expect(odd).toHaveCount(2);
  await expect(odd.first()).toContainText(torn);
  await odd.first().getByRole("button", { name: "Remove it" }).click();
  await expect(page.getByText("1 thing here looks like a backup and is none")).toBeVisible();
  expect(await kept(page)).toEqual([id, "hello"]);
  expect(await item(page, "notes")).toBe("somebody's");
});

/** Every form in which a secret could lie in a text. */
const forms = (secret: string) => {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].map((by) => {
    const text = Buffer.concat([Buffer.alloc(by), bytes]).toString("base64");
    // What stands at the ends depends on the neighbours.
    return text.slice(by === 0 ? 0 : by + 1, text.length - 4);
  });
  const url = shifted.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [secret, ...shifted, ...url, bytes.toString("hex"), [...secret].reverse().join("")];
};

const dump = (page: Page) => page.evaluate(() => JSON.stringify({ ...localStorage }));

test("nothing that the browser keeps tells a key", async ({ page }) => {
  const { console: higress, admin } = sandbox();
  const authorization = `Basic ${Buffer.from(`${admin.user}:${admin.password}`).toString("base64")}`;
  const read = async (path: string) => (await (await fetch(higress + path, { headers: { authorization } })).json()).data;
  const tokens: string[] = (await read("/v1/ai/providers")).flatMap((provider: { tokens?: string[] }) => provider.tokens ?? []);
  const consumers: string[] = (await read("/v1/consumers")).flatMap((consumer: { credentials: { values: string[] }[] }) =>
    consumer.credentials.flatMap(({ values }) => values),
  );
  const secrets = [...tokens, ...consumers].filter((secret) => secret.length >= 8);
  expect(tokens.length).toBeGreaterThan(1);
  expect(consumers.length).toBeGreaterThan(1);
  await open(page, "/agm/backups");
  await take(page, "sealed");
  await expect(row(page, "sealed")).toHaveCount(1);
  const text = await dump(page);
  expect(text).toContain("sealed");
  const found = secrets.flatMap(forms).filter((form) => text.includes(form));
  expect(found).toEqual([]);
  // The search finds what is there.
  for (const secret of secrets) {
    for (const planted of [secret, btoa(secret), btoa(`x${secret}x`), btoa(`xy${secret}`), Buffer.from(secret).toString("hex")]) {
      expect(forms(secret).some((form) => planted.includes(form)), planted).toBe(true);
    }
  }
});

test.describe("the clear text of the former plugin", () => {
  const original = JSON.stringify({
    timestamp: "2025-11-02T08:00:00.000Z",
    providers: { data: [{ name: "qwen", type: "qwen", tokens: ["sk-canary-of-old"] }, { name: "lab", type: "openai", tokens: [] }] },
    routes: { data: [{ name: "default-ai-route", upstreams: [{ provider: "qwen", weight: 100 }] }] },
    consumers: { data: [{ name: "manager", credentials: [{ type: "key-auth", values: ["canary-consumer-key"] }] }] },
  });
  const alarm = (page: Page) => page.locator(".clear-text");
  const seal = (page: Page) => alarm(page).getByRole("button", { name: "Seal it and remove the clear text" });

  test.beforeEach(async ({ context }) => plant(context, { [CLEAR_TEXT]: original }));

  test("is sealed, and removed only then; its keys are to be replaced", async ({ page }) => {
    await open(page, "/agm/backups");
    await expect(alarm(page)).toContainText("a backup with 2 providers, 1 key and 1 consumer");
    await expect(alarm(page)).not.toContainText("canary");
    await seal(page).click();
    await expect(page.getByRole("heading", { name: "The clear text is gone" })).toBeFocused();
    expect(await item(page, CLEAR_TEXT)).toBeNull();
    const found = ["sk-canary-of-old", "canary-consumer-key"].flatMap(forms);
    const text = await dump(page);
    expect(found.filter((form) => text.includes(form))).toEqual([]);
    await expect(row(page, "former plugin, 2025-11-02 08:00")).toContainText("imported · admin");
    await expect(page.locator("#backups li.backup")).toContainText("former plugin");
    await expect(alarm(page).getByRole("listitem")).toHaveText(["Replace key qwen"]);
    await alarm(page).getByRole("button", { name: "Replace key qwen" }).click();
    await expect(page.getByRole("dialog", { name: "Replace key qwen" })).toBeVisible();
    await page.keyboard.press("Escape");
    await page.reload();
    await expect(rows(page)).toHaveCount(1);
    await expect(alarm(page)).toHaveCount(0);
  });

  test("that is something else is told, and left as it is", async ({ page }) => {
    await page.addInitScript((key) => localStorage.setItem(key, "torn {"), CLEAR_TEXT);
    await open(page, "/agm/backups");
    await expect(alarm(page)).toContainText("cannot be read as one");
    await expect(seal(page)).toHaveCount(0);
    expect(await item(page, CLEAR_TEXT)).toBe("torn {");
  });

  test.describe("stays as it is", () => {
    test.use({ refusals: true });

    for (const path of ["original", "*/sealed", "verify"]) {
      test(`when the server fails at ${path}, and can be sealed afterwards`, async ({ page }) => {
        await open(page, "/agm/backups");
        await expect(seal(page)).toBeVisible();
        const failure = { success: false, code: "INTERNAL", message: "broken for a test" };
        await page.route(`**${BACKUPS}/${path}`, (route) => route.fulfill({ status: 500, json: failure }));
        await seal(page).click();
        await expect(alarm(page).getByRole("alert")).toContainText("The clear text is still there, as it was: broken for a test");
        expect(await item(page, CLEAR_TEXT)).toBe(original);
        await page.unroute(`**${BACKUPS}/${path}`);
        await seal(page).click();
        await expect(alarm(page)).toContainText("The clear text is gone");
        // The second try made no second backup.
        expect((await (await page.request.get(BACKUPS)).json()).backups).toHaveLength(1);
      });
    }

    test("when the server cannot be reached", async ({ page }) => {
      await open(page, "/agm/backups");
      await page.route(`**${BACKUPS}/original`, (route) => route.abort());
      await seal(page).click();
      await expect(alarm(page).getByRole("alert")).toContainText("The clear text is still there");
      expect(await item(page, CLEAR_TEXT)).toBe(original);
    });

    test("when the browser does not keep the sealed one", async ({ page }) => {
      await open(page, "/agm/backups");
      await expect(seal(page)).toBeVisible();
      await fill(page, 1);
      await seal(page).click();
      await expect(alarm(page).getByRole("alert")).toContainText("This browser has no room for another backup");
      expect(await item(page, CLEAR_TEXT)).toBe(original);
    });

    test("when another tab changes it meanwhile", async ({ page }) => {
      await open(page, "/agm/backups");
      await page.route(`**${BACKUPS}/verify`, async (route) => {
        await page.evaluate((key) => localStorage.setItem(key, '{"providers":[]}'), CLEAR_TEXT);
        await route.continue();
      });
      await seal(page).click();
      await expect(alarm(page).getByRole("alert")).toContainText("It was changed meanwhile");
      expect(await item(page, CLEAR_TEXT)).toBe('{"providers":[]}');
    });
  });
});

test.describe("a copy that does not open", () => {
  test.use({ refusals: true });

  test("for its key is lost fills in the form of a provider, as untrusted, without a key", async ({ page, context }) => {
    const server = await OwnServer.start();
    const headers = { "content-type": "application/json" };
    const signIn = { method: "POST", headers, body: JSON.stringify({ username: "admin", password: "admin" }) };
    const signedIn = await fetch(`${server.url}/ni_status/login`, signIn);
    const cookie = signedIn.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
    const ask = async (path: string, init: RequestInit = {}) =>
      (await fetch(server.url + path, { ...init, headers: { ...headers, cookie } })).json();
    const lab = { name: "lab", type: "openai", baseUrl: "https://llm.example.com/v1", tokens: ["sk-of-the-lab"] };
    await ask("/ni_status/providers", { method: "POST", body: JSON.stringify(lab) });
    const { backup } = await ask(BACKUPS, { method: "POST", body: JSON.stringify({ name: "elsewhere" }) });
    const sealed = await ask(`${BACKUPS}/${backup.id}/sealed`);
    await server.stop();

    await plant(context, { [PREFIX + backup.id]: JSON.stringify({ name: "elsewhere", backup: sealed }) });
    await open(page, "/agm/backups");
    await expect(row(page, "elsewhere")).toContainText("only here");
    await row(page, "elsewhere").getByRole("button", { name: "Bring back" }).click();
    await expect(row(page, "elsewhere").getByRole("status")).toContainText("No key of this server opens it");
    await expect(row(page, "elsewhere").getByRole("status")).toContainText("do not trust it");
    await row(page, "elsewhere").getByRole("button", { name: "New provider like lab" }).click();
    const dialog = page.getByRole("dialog", { name: "Add provider" });
    await expect(dialog).toContainText("Filled in from a backup that could not be opened.");
    await expect(dialog.getByLabel("Name")).toHaveValue("lab");
    await expect(dialog.getByLabel("Type")).toHaveValue("openai");
    await expect(dialog.getByLabel("Base URL")).toHaveValue("https://llm.example.com/v1");
    await expect(dialog.getByLabel("API key", { exact: true })).toHaveValue("");
    await dialog.getByRole("button", { name: "Close" }).click();
  });

  test("because it was changed says so", async ({ page }) => {
    const id = await take(page, "changed");
    await open(page, "/agm/backups");
    await expect(row(page, "changed")).toHaveCount(1);
    await page.evaluate((key) => {
      const entry = JSON.parse(localStorage.getItem(key)!);
      entry.backup.visible.providers[0].baseUrl = "https://evil.example.com";
      localStorage.setItem(key, JSON.stringify(entry));
    }, PREFIX + id);
    await page.reload();
    await unfold(page, "changed");
    await row(page, "changed").getByRole("button", { name: "Check" }).click();
    await expect(row(page, "changed").getByRole("alert")).toContainText("the seal is broken");
  });
});

test("in Chinese, it speaks Chinese", async ({ browser, baseURL, page }) => {
  await take(page, "name");
  const context = await browser.newContext({ locale: "zh-CN", baseURL });
  await context.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
  const chinese = await context.newPage();
  await open(chinese, "/agm/backups");
  const part = chinese.getByRole("region", { name: "在此浏览器中" });
  await expect(part).toContainText("已用 1 / 20 个位置");
  await part.locator(".backup-more summary").first().click();
  await part.getByRole("button", { name: "校验" }).click();
  await expect(part.getByRole("status").last()).toContainText("服务器已成功打开");
  await context.close();
});
