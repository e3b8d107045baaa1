import type { Page } from "@playwright/test";
import { OwnServer } from "../own-server.mjs";
import { expect, open, sandbox } from "./support/agm.js";
import { BACKUPS, CLEAR_TEXT, PREFIX, clear, dump, fill, forms, item, plant, row, rows, take, test, unfold } from "./support/browser-backups.js";

test("nothing that the browser keeps tells a key", async ({ page }) => {
  const { console: higress, admin } = sandbox();
  const authorization = `Basic ${Buffer.from(`${admin.user}:${admin.password}`).toString("base64")}`;
  const call = (path: string, init: RequestInit = {}) =>
    fetch(higress + path, { ...init, headers: { authorization, "content-type": "application/json" } });
  const read = async (path: string) => (await (await call(path)).json()).data;
  const planted = [
    { name: "canary-aws", type: "bedrock", tokens: [], rawConfigs: { awsRegion: "eu-1", awsAccessKey: "canary-of-access", awsSecretKey: "canary-of-the-secret" } },
    { name: "canary-url", type: "openai", tokens: ["sk-x-canary"], rawConfigs: { openaiCustomUrl: "https://somebody:canary-of-userinfo@llm.example.com/v1?key=canary-of-the-query" } },
  ];
  for (const provider of planted) {
    const body = JSON.stringify({ protocol: "openai/v1", ...provider });
    const answer = await call("/v1/ai/providers", { method: "POST", body });
    expect(answer.ok, await answer.text()).toBe(true);
  }
  const settings = ["canary-of-access", "canary-of-the-secret", "canary-of-userinfo", "canary-of-the-query"];
  const tokens: string[] = (await read("/v1/ai/providers")).flatMap((provider: { tokens?: string[] }) => provider.tokens ?? []);
  const consumers: string[] = (await read("/v1/consumers")).flatMap((consumer: { credentials: { values: string[] }[] }) =>
    consumer.credentials.flatMap(({ values }) => values),
  );
  const secrets = [...settings, ...tokens, ...consumers].filter((secret) => secret.length >= 8);
  expect(tokens.length).toBeGreaterThan(1);
  expect(consumers.length).toBeGreaterThan(1);
  await open(page, "/agm/backups");
  await take(page, "sealed");
  await expect(row(page, "sealed")).toHaveCount(1);
  const text = await dump(page);
  expect(text).toContain("canary-url");
  for (const { name } of planted) expect((await call(`/v1/ai/providers/${name}`, { method: "DELETE" })).ok).toBe(true);
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
    providers: {
      data: [
        { name: "qwen", type: "qwen", tokens: ["sk-canary-of-old"] },
        { name: "lab", type: "openai", tokens: [] },
        { name: "aws", type: "bedrock", tokens: [], rawConfigs: { awsSecretKey: "canary-of-the-settings" } },
      ],
    },
    routes: { data: [{ name: "default-ai-route", upstreams: [{ provider: "qwen", weight: 100 }] }] },
    consumers: { data: [{ name: "manager", credentials: [{ type: "key-auth", values: ["canary-consumer-key"] }] }] },
  });
  const alarm = (page: Page) => page.locator(".clear-text");
  const seal = (page: Page) => alarm(page).getByRole("button", { name: "Seal it and remove the clear text" });

  test.beforeEach(async ({ context }) => plant(context, { [CLEAR_TEXT]: original }));

  test("is sealed, and removed only then; its keys are to be replaced", async ({ page }) => {
    await open(page, "/agm/backups");
    await expect(alarm(page)).toContainText("a backup with 3 providers and 1 consumer; 3 keys of theirs can be read in it");
    await expect(alarm(page)).not.toContainText("canary");
    await seal(page).click();
    await expect(page.getByRole("heading", { name: "The clear text is gone" })).toBeFocused();
    expect(await item(page, CLEAR_TEXT)).toBeNull();
    const found = ["sk-canary-of-old", "canary-of-the-settings", "canary-consumer-key"].flatMap(forms);
    const text = await dump(page);
    expect(found.filter((form) => text.includes(form))).toEqual([]);
    await expect(row(page, "former plugin, 2025-11-02 08:00")).toContainText("imported · admin");
    await expect(page.locator("#backups li.backup")).toContainText("former plugin");
    await expect(row(page, "former plugin").locator(".pinned")).toBeVisible();
    await expect(alarm(page).getByRole("status")).toHaveText(/lies on the server and in this browser, pinned in both/);
    const advised = ["Replace key qwen", "aws is not here any more: end its key at the vendor", "manager"];
    await expect(alarm(page).getByRole("listitem")).toHaveText(advised);
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

    test("when the server has not sealed all of its keys", async ({ page }) => {
      await open(page, "/agm/backups");
      await page.route(`**${BACKUPS}/verify`, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), keys: 2 } });
      });
      await seal(page).click();
      await expect(alarm(page).getByRole("alert")).toContainText("The server did not seal all of its keys.");
      expect(await item(page, CLEAR_TEXT)).toBe(original);
    });

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
