import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { OwnServer } from "../own-server.mjs";
import { expect, open, renewedBy, setModel, test } from "./support/agm.js";

const BACKUPS = "/ni_status/backups";
/** The list, newest first. */
const rows = (page: Page) => page.locator("li.backup");
const row = (page: Page, name: string) => rows(page).filter({ hasText: name });
const toast = (page: Page) => page.getByRole("region", { name: "Notices" });

/** Takes a backup through the API. */
async function take(page: Page, name: string): Promise<string> {
  const answer = await page.request.post(BACKUPS, { data: { name } });
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).backup.id;
}

async function unfold(page: Page, name: string) {
  await row(page, name).getByText("More", { exact: true }).click();
}

/** Changes that other tests make take backups too. */
async function clear(page: Page) {
  const { backups } = await (await page.request.get(BACKUPS)).json();
  for (const { id } of backups) {
    await page.request.post(`${BACKUPS}/${id}/unpin`, { data: {} });
    expect((await page.request.post(`${BACKUPS}/${id}/delete`, { data: {} })).status()).toBe(204);
  }
}

test.beforeEach(async ({ page }) => clear(page));

test.afterEach(async ({ page }) => {
  await setModel(page, "alice", "deepseek", "deepseek-chat");
  await clear(page);
});

test("a backup is taken, equals how things are now until something changes, and is enough until then", async ({ page }) => {
  await open(page, "/agm/backups");
  await expect(page.getByText("There is no backup yet.")).toBeVisible();
  await expect(page.getByText("There is no backup of how things are now.")).toBeVisible();
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(toast(page)).toContainText("Backed up.");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("by hand · admin");
  await expect(rows(page)).toContainText(/\d+ providers · \d+ routes · \d+ agents · \d\.\d KB/);
  await expect(rows(page)).toContainText("as now");
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(toast(page)).toContainText("Nothing has changed since the newest backup");
  await expect(rows(page)).toHaveCount(1);

  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await expect(rows(page)).not.toContainText("as now");
  await expect(page.getByText("There is no backup of how things are now.")).toBeVisible();
  await setModel(page, "alice", "deepseek", "deepseek-chat");
  await expect(rows(page).first()).toContainText("before alice » deepseek-chat · admin");
  await expect(rows(page).last()).toContainText("as now");
});

test("a backup is named, pinned, unpinned, and deleted after a question", async ({ page }) => {
  await open(page, "/agm/backups");
  await page.locator(".backups-now").getByLabel("Name, if you like").fill("good start");
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(row(page, "good start")).toHaveCount(1);
  await expect(page.locator(".backups-now").getByLabel("Name, if you like")).toHaveValue("");

  await page.getByRole("button", { name: "Pin the backup of good start" }).click();
  await expect(row(page, "good start")).toContainText("pinned");
  await unfold(page, "good start");
  await expect(row(page, "good start")).toContainText("Unpin it to delete it.");
  await row(page, "good start").getByLabel("Name, if you like").fill("better start");
  await row(page, "good start").getByRole("button", { name: "Save the name" }).click();
  await expect(row(page, "better start")).toHaveCount(1);

  await page.getByRole("button", { name: "Unpin the backup of better start" }).click();
  await expect(row(page, "better start")).not.toContainText("pinned");
  await row(page, "better start").getByText("Delete…").click();
  await expect(row(page, "better start")).toContainText("cannot be brought back");
  await row(page, "better start").getByRole("button", { name: "Delete it the backup of better start" }).click();
  await expect(page.getByText("There is no backup yet.")).toBeVisible();
});

test("a name that is being typed outlasts what happens elsewhere", async ({ page }) => {
  await take(page, "first");
  await open(page, "/agm/backups");
  await unfold(page, "first");
  await row(page, "first").getByLabel("Name, if you like").fill("half typ");
  await take(page, "second");
  await expect(rows(page)).toHaveCount(2);
  await expect(row(page, "first").getByLabel("Name, if you like")).toHaveValue("half typ");
  await expect(row(page, "first").getByLabel("Name, if you like")).toBeFocused();
});

test("a backup is downloaded and imported again, from its file and from its text", async ({ page }) => {
  await take(page, "to carry");
  await open(page, "/agm/backups");
  await unfold(page, "to carry");
  const started = page.waitForEvent("download");
  await page.getByRole("link", { name: "Declarative file, without keys: to carry" }).click();
  const file = await (await started).path();
  const text = readFileSync(file, "utf8");
  expect(text).toContain("version: 1");

  await page.getByText("Import a file").click();
  await page.getByLabel("File", { exact: true }).setInputFiles({ name: "b.yaml", mimeType: "text/yaml", buffer: Buffer.from(text) });
  await expect(page.getByLabel("Its text")).toHaveValue(text);
  const form = page.locator(".backup-import");
  await form.getByLabel("Name, if you like").fill("carried");
  await form.getByRole("button", { name: "Import" }).click();
  await expect(row(page, "carried")).toContainText("imported · admin");
  // A file says nothing of keys, so it is not all that is there.
  await expect(row(page, "carried")).not.toContainText("as now");
  await expect(page.getByLabel("Its text")).toHaveValue("");
});

test("a backup is downloaded encrypted, and comes back with its passphrase", async ({ page }) => {
  await take(page, "to keep");
  await open(page, "/agm/backups");
  await unfold(page, "to keep");
  await row(page, "to keep").getByLabel("Passphrase, 12 characters or more").fill("correct horse battery");
  const started = page.waitForEvent("download");
  await row(page, "to keep").getByRole("button", { name: "Download, encrypted: to keep" }).click();
  const download = await started;
  expect(download.suggestedFilename()).toMatch(/^agm-backup-.*\.age$/);
  const text = readFileSync(await download.path(), "utf8");
  expect(text).toContain("BEGIN AGE ENCRYPTED FILE");
  await expect(toast(page)).toContainText("opens with the passphrase alone");
  await expect(row(page, "to keep").getByLabel("Passphrase, 12 characters or more")).toHaveValue("");

  await clear(page);
  await expect(rows(page)).toHaveCount(0);
  await page.getByText("Import a file").click();
  const form = page.locator(".backup-import");
  await form.getByLabel("Its text").fill(text);
  await form.getByLabel("Passphrase, if the file is encrypted").fill("correct horse battery");
  await form.getByRole("button", { name: "Import" }).click();
  await expect(row(page, "to keep")).toContainText("by hand · admin");
  await expect(row(page, "to keep")).toContainText("as now");
  await expect(form.getByLabel("Passphrase, if the file is encrypted")).toHaveValue("");
});

test("a form that is on its way is not replaced by a renewal, and is empty once it is done", async ({ page }) => {
  const id = await take(page, "to keep");
  await open(page, "/agm/backups");
  await unfold(page, "to keep");
  const passphrase = row(page, "to keep").getByLabel("Passphrase, 12 characters or more");
  await passphrase.fill("correct horse battery");
  await page.route(`**${BACKUPS}/${id}/export`, async (route) => {
    const pin = async () => expect((await page.request.post(`${BACKUPS}/${id}/pin`, { data: {} })).ok()).toBe(true);
    await renewedBy(page, pin);
    await route.continue();
  });
  const started = page.waitForEvent("download");
  await row(page, "to keep").getByRole("button", { name: "Download, encrypted: to keep" }).click();
  await started;
  await expect(passphrase).toHaveValue("");
  await expect(row(page, "to keep").getByRole("button", { name: "Unpin" })).toBeAttached();
});

test("what differs is shown, and one item or all of it is restored", async ({ page }) => {
  const id = await take(page, "as it was");
  await open(page, "/agm/backups");
  await page.getByRole("link", { name: "Compare the backup of as it was" }).click();
  await expect(page.getByText("Everything in this backup is as it is now.")).toBeVisible();
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  const item = page.getByRole("checkbox", { name: /Agent alice/ });
  await expect(item).toBeVisible();
  const compared = page.getByRole("region", { name: "This backup and now" });
  await expect(compared).toContainText("deepseek-reasoner → deepseek-chat");
  await expect(compared.locator(".diff")).toContainText("deepseek-chat");

  await expect(page.getByRole("button", { name: "Restore what is marked: 0" })).toBeDisabled();
  await item.check();
  await page.getByRole("button", { name: "Restore what is marked: 1" }).click();
  const dialog = page.getByRole("dialog", { name: "Restore" });
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(dialog).toContainText("Done, and read back.");
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByText("Everything in this backup is as it is now.")).toBeVisible();

  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await page.getByRole("button", { name: "Restore all of it" }).click();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(dialog).toContainText("Done, and read back.");
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  const { observed } = await (await page.request.get("/ni_status/assignment/workers/alice")).json();
  expect(observed.model).toBe("deepseek-chat");
  await compared.getByRole("link", { name: "Close" }).click();
  await expect(page).not.toHaveURL(new RegExp(id));
});

test("a row leads to the plan of its restore, unless it is as now", async ({ page }) => {
  await take(page, "way back");
  await open(page, "/agm/backups");
  await expect(row(page, "way back")).toContainText("as now");
  const restore = row(page, "way back").getByRole("button", { name: "Restore the backup of way back" });
  await expect(restore).toHaveCount(0);
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await restore.click();
  const dialog = page.getByRole("dialog", { name: "Restore" });
  await expect(dialog.getByRole("region", { name: "What will change" })).toContainText("deepseek-chat");
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(dialog).toContainText("Done, and read back.");
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await expect(row(page, "way back")).toContainText("as now");
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a file with a key is refused beside the form, which keeps it", async ({ page }) => {
    await open(page, "/agm/backups");
    const form = page.locator(".backup-import");
    await page.getByText("Import a file").click();
    const text = "version: 1\nproviders:\n  - {name: lab, type: openai, apiKey: sk-never-here}\n";
    await form.getByLabel("Its text").fill(text);
    await form.getByLabel("Name, if you like").fill("bad");
    await form.getByRole("button", { name: "Import" }).click();
    await expect(form.getByRole("alert")).toContainText("apiKey");
    await expect(form.getByLabel("Its text")).toHaveValue(text);
    await expect(form.getByLabel("Name, if you like")).toHaveValue("bad");
    await expect(page.getByText("There is no backup yet.")).toBeVisible();
  });

  test("an encrypted file without its passphrase is refused beside the form", async ({ page }) => {
    await open(page, "/agm/backups");
    const form = page.locator(".backup-import");
    await page.getByText("Import a file").click();
    await form.getByLabel("Its text").fill("-----BEGIN AGE ENCRYPTED FILE-----\n");
    await form.getByRole("button", { name: "Import" }).click();
    await expect(form.getByRole("alert")).toContainText("it needs the passphrase");
  });

  test("a bad name is refused beside its form", async ({ page }) => {
    await take(page, "short");
    await open(page, "/agm/backups");
    await unfold(page, "short");
    const form = row(page, "short").locator("form").filter({ hasText: "Save the name" });
    await form.getByLabel("Name, if you like").fill("n".repeat(81));
    await form.getByRole("button", { name: "Save the name" }).click();
    await expect(form.getByRole("alert")).toContainText("1 to 80 characters");
    await expect(form.getByLabel("Name, if you like")).toHaveValue("n".repeat(81));
  });

  test("who is signed out meanwhile is told so, and what was typed stays", async ({ page }) => {
    await open(page, "/agm/backups");
    const form = page.locator(".backup-import");
    await page.getByText("Import a file").click();
    await form.getByLabel("Its text").fill("version: 1");
    await page.context().clearCookies();
    await form.getByRole("button", { name: "Import" }).click();
    await expect(page.getByRole("link", { name: "Sign in in a new tab" })).toBeVisible();
    await expect(form.getByLabel("Its text")).toHaveValue("version: 1");
    await page.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
  });

  test("a backup that somebody else deleted cannot be pinned, and the page says why", async ({ page }) => {
    const id = await take(page, "short-lived");
    await open(page, "/agm/backups");
    await page.route(`**${BACKUPS}/${id}/pin`, async (route) => {
      await page.request.post(`${BACKUPS}/${id}/delete`, { data: {} });
      await route.continue();
    });
    await page.getByRole("button", { name: "Pin the backup of short-lived" }).click();
    await expect(toast(page)).toContainText(id);
    await expect(rows(page)).toHaveCount(0);
  });

  test("a comparison with what is not there says so, and the list is there", async ({ page }) => {
    await take(page, "there");
    await page.goto("/agm/backups?compare=01JD0000000000000000000000");
    await expect(page.locator("#compared").getByRole("alert")).toContainText("01JD0000000000000000000000");
    await expect(rows(page)).toHaveCount(1);
    await page.goto("/agm/backups?compare=nonsense");
    await expect(page.locator("#compared").getByRole("alert")).toBeVisible();
  });
});

test("a damaged backup is told, and its file is left alone", async ({ browser }) => {
  const folder = mkdtempSync(join(tmpdir(), "agm-backups-"));
  mkdirSync(join(folder, "agm", "backups"), { recursive: true, mode: 0o700 });
  const file = join(folder, "agm", "backups", "01JD0000000000000000000000.json");
  writeFileSync(file, "torn", { mode: 0o600 });
  const server = await OwnServer.start(["--sandbox-dir", folder]);
  const context = await browser.newContext({ baseURL: server.url });
  try {
    await context.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
    const page = await context.newPage();
    await page.goto("/agm/backups");
    await page.getByText("1 backup cannot be read").click();
    await expect(page.locator("#damaged")).toContainText("01JD0000000000000000000000.json");
    expect(readFileSync(file, "utf8")).toBe("torn");
  } finally {
    await context.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
});
