import type { Page } from "@playwright/test";
import { OwnServer } from "../own-server.mjs";
import { expect, open, setModel, test } from "./support/agm.js";

const desk = (page: Page, name: string) => page.getByRole("article", { name });
/** It is said on the page, and in each dialog that is open. */
const banner = (page: Page) => page.getByText("The server does not answer.").first();

async function signIn(page: Page, url: string) {
  const account = { username: "admin", password: "admin" };
  expect((await page.request.post(`${url}/ni_status/login`, { data: account })).status()).toBe(204);
}

test("what one person does is seen by another, who reads and types meanwhile", async ({ page, context }) => {
  const other = await context.newPage();
  await open(other, "/agm/models");
  await other.getByRole("searchbox").fill("alice");
  await other.getByRole("checkbox", { name: "Select alice" }).check();
  await other.bringToFront();
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await expect(other.getByRole("row", { name: /alice/ })).toContainText("deepseek-reasoner");
  await expect(other.getByRole("searchbox")).toHaveValue("alice");
  await expect(other.getByRole("row", { name: /bob/ })).toBeHidden();
  await expect(other.getByRole("checkbox", { name: "Select alice" })).toBeChecked();
  await setModel(page, "alice", "deepseek", "deepseek-chat");
});

test.describe("with a server that goes and comes back", () => {
  test.use({ signedIn: false, refusals: true });
  let server: OwnServer;

  test.beforeEach(async ({ page }) => {
    test.setTimeout(90_000);
    server = await OwnServer.start();
    await signIn(page, server.url);
  });
  test.afterEach(() => server.stop());

  test("the page says so, an open form keeps what was typed, and all is fresh when it is back", async ({ page }) => {
    await open(page, `${server.url}/agm/`);
    await expect(desk(page, "alice")).toContainText("deepseek-chat");
    await page.getByRole("button", { name: "+ Add provider" }).click();
    const form = page.getByRole("dialog", { name: "Add provider" });
    await form.getByLabel("Type").selectOption("zhipuai");
    await form.getByLabel("Name").fill("glm-typed");
    await form.getByLabel("API key").fill("sk-typed-before");
    await expect(banner(page)).toBeHidden();

    await server.stop();
    await expect(banner(page)).toBeVisible({ timeout: 15_000 });
    await expect(form.getByRole("status")).toContainText("The server does not answer.");
    await form.getByRole("button", { name: "Show the plan" }).click();
    await expect(form.getByRole("alert")).toBeVisible();
    await expect(form.getByLabel("Name")).toHaveValue("glm-typed");

    server = await OwnServer.start([], server.port);
    await signIn(page, server.url);
    const wish = { target: "worker:alice", provider: "deepseek", model: "deepseek-reasoner" };
    expect((await page.request.post(`${server.url}/ni_status/set-model`, { data: wish })).status()).toBe(200);
    await expect(banner(page)).toBeHidden({ timeout: 45_000 });
    await expect(form.getByLabel("Name")).toHaveValue("glm-typed");
    await expect(form.getByLabel("API key")).toHaveValue("sk-typed-before");
    await form.getByRole("button", { name: "Show the plan" }).click();
    await expect(page.getByRole("dialog", { name: "Add provider: glm-typed" })).toContainText("provider:glm-typed");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
    await expect(desk(page, "alice")).toContainText("deepseek-reasoner");
  });

  test("who is signed out elsewhere comes to where one signs in", async ({ page }) => {
    await open(page, `${server.url}/agm/monitor`);
    expect((await page.request.post(`${server.url}/ni_status/logout`, { data: {} })).ok()).toBe(true);
    await expect(page).toHaveURL(`${server.url}/agm/login`, { timeout: 45_000 });
  });

  test("a page that nobody sees catches up when it is seen again", async ({ page }) => {
    await open(page, `${server.url}/agm/`);
    await expect(desk(page, "alice")).toContainText("deepseek-chat");
    const hide = (hidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await hide(true);
    const wish = { target: "worker:alice", provider: "deepseek", model: "deepseek-reasoner" };
    expect((await page.request.post(`${server.url}/ni_status/set-model`, { data: wish })).status()).toBe(200);
    await expect(desk(page, "alice")).toContainText("deepseek-chat");
    await hide(false);
    await expect(desk(page, "alice")).toContainText("deepseek-reasoner");
  });
});
