import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test as base, type Page, type Route } from "@playwright/test";

/** What the sandbox told of its addresses when it started. */
export function sandbox(): {
  agents: string;
  console: string;
  admin: { user: string; password: string };
  manager: { config: string };
  upstreams: Record<string, string>;
} {
  const file = `agm-sandbox-${process.env.AGM_TEST_PORT ?? 18180}.json`;
  return JSON.parse(readFileSync(join(tmpdir(), file), "utf8"));
}

/** The answer of a worker's own agent, given through the gateway with its own key. */
export async function ask(worker: string): Promise<{ status: number; text: string }> {
  const workers = `${sandbox().agents}/workers/${worker}`;
  await fetch(`${workers}/sync`, { method: "POST" });
  const answer = await fetch(`${workers}/ask`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt: "Who are you?" }),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Makes a vendor of the sandbox answer, wait, or fail. */
export async function behave(vendor: string, how: "healthy" | "thinking" | "failing") {
  const answer = await fetch(`${sandbox().upstreams[vendor]}/sandbox/behaviour`, { method: "PUT", body: how });
  expect(answer.status).toBe(204);
}

/** Waits until the page reacts to clicks. */
export async function alive(page: Page) {
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
}

/** Opens a page of the signed-in admin. */
export async function open(page: Page, path: string) {
  await page.goto(path);
  await alive(page);
}

/** Signs in without the page, so that each test begins where it is about. */
async function signIn(page: Page) {
  const answer = await page.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
  expect(answer.status()).toBe(204);
}

/** Sets a worker's model through the API: how a test puts back what it changed. */
export async function setModel(page: Page, worker: string, provider: string, model: string, server = "") {
  const answer = await page.request.post(`${server}/ni_status/set-model`, {
    data: { target: `worker:${worker}`, provider, model },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}

/** Does what the page renews itself for, and waits until it has read what it fetched. */
export async function renewedBy(page: Page, act: () => Promise<unknown>) {
  const renewed = page.waitForResponse((answer) => answer.request().headers()["x-agm-renew"] !== undefined);
  await act();
  await (await renewed).finished();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/** Holds back the answer to the first request to an address. `answer` lets it go, and waits until the page has it. */
export async function hold(page: Page, address: string | RegExp) {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handle = async (route: Route) => {
    const response = await route.fetch();
    await released;
    await route.fulfill({ response });
  };
  await page.route(address, handle, { times: 1 });
  const asked = page.waitForRequest(address);
  const answer = async () => {
    release();
    await (await (await asked).response())?.finished();
  };
  return { asked, answer };
}

/** The options of the model picker. */
export function models(page: Page) {
  return page.getByRole("listbox", { name: "Model" }).getByRole("option");
}

/**
 * A test fails when the page reports an error to the console. What the browser says of an answer with an error status
 * is no defect of the page; tests in which one is meant allow it.
 */
export const test = base.extend<{ signedIn: boolean; refusals: boolean }>({
  signedIn: [true, { option: true }],
  refusals: [false, { option: true }],
  page: async ({ page, signedIn, refusals }, use) => {
    const said: string[] = [];
    page.on("console", (message) => {
      // A backup may be gone on the server before the browser has fetched it to keep it.
      const mayBeGone = /\/backups\/\w+\/sealed$/.test(message.location().url);
      const meant = (refusals || mayBeGone) && message.text().startsWith("Failed to load resource");
      if (["error", "warning"].includes(message.type()) && !meant) said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(error.message));
    if (signedIn) await signIn(page);
    await use(page);
    expect(said).toEqual([]);
  },
});

export { expect };
