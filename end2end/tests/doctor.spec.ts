import type { Response } from "@playwright/test";
import { gunzipSync } from "node:zlib";
import { behave, expect, open, setModel, test } from "./support/agm.js";

const findings = { name: "What needs you" };

test("what is wrong stands first, with what was observed and what mends it", async ({ page }) => {
  await open(page, "/agm/doctor");
  await expect(page.getByRole("heading", { level: 2 }).first()).toHaveText(/^\d+ things need you$/);
  const wrong = page.getByRole("region", findings).getByRole("listitem");
  await expect(wrong.first()).toContainText("deepseek-ai-route does not let worker-dave in");
  await expect(wrong.first()).toContainText("agm route repair --route deepseek-ai-route --consumer worker-dave");
  const count = Number(/^\d+/.exec(await page.getByRole("heading", { level: 2 }).first().innerText())![0]);
  await expect(wrong).toHaveCount(count);
});

test("every group tells all that was looked at, and why something was not", async ({ page }) => {
  await open(page, "/agm/doctor");
  for (const name of ["Installation", "Gateway", "Providers", "Agents", "Server"]) {
    await expect(page.getByRole("region", { name, exact: true }).getByRole("listitem").first()).toBeVisible();
  }
  const { checks } = await (await page.request.get("/ni_status/doctor")).json();
  await expect(page.locator(".check-group li.check")).toHaveCount(checks.length);
  const shown = page.locator(".check-group");
  for (const unseen of checks.filter((check: { state: string }) => check.state === "unknown")) {
    await expect(shown.getByText(unseen.evidence).first()).toBeVisible();
  }
});

test("the search narrows as one types, and says when nothing fits", async ({ page }) => {
  await open(page, "/agm/doctor");
  const all = page.locator(".checks [data-text]:visible");
  const before = await all.count();
  await page.getByRole("searchbox").fill("dave");
  await expect.poll(() => all.count()).toBeLessThan(before);
  const said = await all.evaluateAll((rows) => rows.map((row) => row.textContent?.toLowerCase() ?? ""));
  expect(said.length).toBeGreaterThan(1);
  expect(said.every((text) => text.includes("dave"))).toBe(true);
  await expect(page.getByRole("region", { name: "Installation", exact: true })).toHaveCount(0);
  await page.getByRole("searchbox").fill("no such check");
  await expect(page.locator("#doctor").getByText("No check fits.")).toBeVisible();
});

test("the settings tell who said them, and no secret", async ({ page }) => {
  await open(page, "/agm/doctor");
  await page.getByText(/^\d+ settings, \d+ of them set by somebody$/).click();
  await expect(page.getByRole("row", { name: /^addr / })).toContainText("command line");
  await expect(page.getByRole("row", { name: /^admin-password / })).toContainText("a secret");
});

test("what goes with a bug report is one archive", async ({ page }) => {
  await open(page, "/agm/doctor");
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "For a bug report" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("agm-bundle.tar.gz");
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const archive = gunzipSync(Buffer.concat(chunks)).toString("latin1");
  expect(archive).toContain("agm-bundle/doctor.json");
  expect(archive).toContain("agm-bundle/log.jsonl");
});

test("a repair is planned from its finding, is made, and is then no finding any more", async ({ page }) => {
  await open(page, "/agm/doctor");
  const route = await (await page.request.get("/ni_status/routes")).json();
  const locked = route.routes.find((one: { name: string }) => one.name === "deepseek-ai-route");
  expect(locked.missing).toEqual(["worker-dave"]);
  await page.getByRole("region", findings).getByRole("button", { name: "Show the repair dave" }).first().click();
  const change = page.getByRole("dialog");
  await expect(change).toContainText("deepseek-ai-route");
  await change.getByRole("button", { name: "Apply" }).click();
  await expect(change).toContainText("Done, and read back.");
  await change.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByText("does not let worker-dave in")).toHaveCount(0);

  const { operations } = await (await page.request.get("/ni_status/operations")).json();
  const undo = await page.request.post(`/ni_status/operations/${operations[0].id}/undo`);
  expect(undo.ok(), await undo.text()).toBe(true);
  await expect(page.getByText("does not let worker-dave in").first()).toBeVisible();
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("why the models could not be asked is said, and they can be asked again", async ({ page }) => {
    await open(page, "/agm/doctor");
    const failure = { success: false, message: "The console is away.", code: "UPSTREAM_UNAVAILABLE" };
    await page.route("**/ni_status/doctor/probe", (route) => route.fulfill({ status: 502, json: failure }));
    const ask = page.getByRole("button", { name: "Ask the models too" });
    await ask.click();
    await expect(page.getByText("The console is away.")).toBeVisible();
    await expect(page.getByText("The models were asked.")).toHaveCount(0);
    await expect(ask).not.toHaveAttribute("aria-busy");
  });
});

test("the models are asked by a press only, and what they said is told until they are asked again", async ({ page }) => {
  test.slow();
  const wrong = page.getByRole("region", findings).getByRole("listitem").filter({ hasText: "moonshot" });
  const ask = async () => {
    await page.getByRole("button", { name: "Ask the models too" }).click();
    // A refusal does not count while the gateway may not follow the change of the test before.
    await expect(page.getByText("The models were asked.")).toBeVisible({ timeout: 60_000 });
  };
  await behave("moonshot", "failing");
  try {
    await open(page, "/agm/doctor");
    await ask();
    await expect(wrong.first()).toBeVisible();
    await expect(page.getByText(/models asked \d/)).toBeVisible();
  } finally {
    await behave("moonshot", "healthy");
  }
  // Whoever asked it now would see that it is well.
  const isRenewal = (answer: Response) =>
    answer.url().endsWith("/agm/doctor") && answer.request().headers()["x-agm-renew"] !== undefined;
  const renewed = page.waitForResponse(isRenewal);
  await setModel(page, "alice", "deepseek", "deepseek-reasoner");
  await (await renewed).finished();
  await expect(wrong.first()).toBeVisible();
  await setModel(page, "alice", "deepseek", "deepseek-chat");
  for (const path of ["/agm/doctor?probe=1", "/agm/doctor"]) {
    await open(page, path);
    await expect(wrong.first()).toBeVisible();
  }
  await ask();
  await expect(wrong).toHaveCount(0);
  await page.getByRole("link", { name: "Run again" }).click();
  await expect(page.getByText("a model answered each").first()).toBeVisible();
});
