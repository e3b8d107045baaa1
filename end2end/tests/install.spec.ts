import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium, type Browser } from "@playwright/test";
import { OwnServer } from "../own-server.mjs";
import { alive, expect, models, test } from "./support/agm.js";

const DOMAIN = "manager-local.hiclaw.io";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.AGM_BINARY ?? "target/debug/agm";

test.use({ signedIn: false });

/** What a command prints, as somebody would type it. */
async function agm(server: OwnServer, ...words: string[]) {
  const env = { ...process.env, AGM_URL: server.url, AGM_PASSWORD: "admin" };
  const { stdout } = await promisify(execFile)(BINARY, words, { cwd: ROOT, env });
  return stdout;
}

/** Every object of the console that leads somewhere, without versions. */
async function registered(server: OwnServer) {
  const headers = { authorization: `Basic ${Buffer.from("admin:admin").toString("base64")}` };
  const lists = ["service-sources", "domains", "routes"].map(async (name) => {
    const answer = await fetch(`${server.sandbox.console}/v1/${name}`, { headers });
    return ((await answer.json()) as { data: object[] }).data.map((one) => ({ ...one, version: null }));
  });
  return Promise.all(lists);
}

/** A browser for which the domain is this machine. */
function browser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", `--host-resolver-rules=MAP ${DOMAIN} 127.0.0.1`],
  });
}

/** Opens the console at an address of the gateway and signs in. */
async function signIn(browser: Browser, address: string) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  await page.goto(address);
  await page.locator("#username").fill("admin");
  await page.locator("#password").fill("admin");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(/\/agm\/$/);
  await alive(page);
  return page;
}

test("installed, the console is there by its domain and by its path, and uninstalled it leaves nothing", async () => {
  const server = await OwnServer.start();
  const person = await browser();
  try {
    const before = await registered(server);
    const gateway = new URL(server.sandbox.gateway);
    const byDomain = `http://${DOMAIN}:${gateway.port}/`;
    const dry = await agm(server, "install", "--dry-run");
    expect(dry).toContain("create\tplain-route:agm-path");
    expect(await registered(server)).toEqual(before);
    expect(await agm(server, "install", "--yes")).toContain(`${byDomain}agm/`);
    expect(await agm(server, "install", "--yes")).toContain("nothing to change");

    const page = await signIn(person, byDomain);
    await page.goto(`${byDomain}agm/models`);
    await alive(page);
    await page.getByRole("button", { name: "Set model of alice" }).click();
    const form = page.getByRole("dialog", { name: "Set model of alice" });
    await expect(models(page)).toHaveCount(2);
    await form.getByRole("combobox", { name: "Model", exact: true }).fill("deepseek-reasoner");
    await form.getByRole("button", { name: "Show the plan" }).click();
    const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner" });
    await change.getByRole("button", { name: "Apply" }).click();
    await expect(change).toContainText("Done, and read back.");
    await change.getByRole("button", { name: "Done", exact: true }).click();
    await expect(page.getByRole("row", { name: /alice/ })).toContainText("deepseek-reasoner");

    const other = await signIn(person, `${server.sandbox.gateway}/agm/`);
    await expect(other.getByRole("article", { name: "alice" })).toContainText("deepseek-reasoner");

    await agm(server, "uninstall", "--yes");
    expect(await registered(server)).toEqual(before);
    // The console's own page has that address again.
    const title = async () => {
      await other.goto(`${server.sandbox.gateway}/agm/`);
      return other.title();
    };
    await expect.poll(title).not.toContain("AI Gateway");
  } finally {
    await person.close();
    await server.stop();
  }
});
