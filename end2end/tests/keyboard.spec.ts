import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { pages } from "../pages.mjs";
import { ask, expect, models, open, setModel, test } from "./support/agm.js";

/** No path needs more presses than this. */
const MOST_PRESSES = 80;

const isFocused = (place: Locator) => place.evaluate((element) => element === document.activeElement);

/** Presses Tab until a place has the focus. */
async function tabTo(page: Page, place: Locator) {
  await expect(place).toBeVisible();
  for (let press = 0; press < MOST_PRESSES; press += 1) {
    if (await isFocused(place)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${MOST_PRESSES} presses of Tab do not lead to ${place}`);
}

interface Stop {
  /** What has the focus. */
  what: string;
  /** Whether it looks otherwise than without the focus. */
  marked: boolean;
  /** Whether nothing lies over it. */
  seen: boolean;
}

/** What has the focus, and whether one sees that it has; none on the page's edge. */
function stop(page: Page): Promise<Stop | undefined> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) return undefined;
    const look = () => {
      const { outlineStyle, outlineWidth, boxShadow, backgroundColor, borderColor } = getComputedStyle(element);
      const outline = outlineStyle === "none" ? "none" : `${outlineStyle} ${outlineWidth}`;
      return [outline, boxShadow, backgroundColor, borderColor].join();
    };
    const focused = look();
    element.blur();
    const marked = look() !== focused;
    element.focus();
    const box = element.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const named = element.getAttribute("aria-label") ?? element.textContent ?? "";
    return {
      what: `${element.tagName.toLowerCase()} ${named.trim().slice(0, 40)}`,
      marked,
      seen: !!top && (element.contains(top) || top.contains(element)),
    };
  });
}

/** Goes with Tab from the first place of a page to its last. */
async function tabThrough(page: Page, path: string): Promise<Stop[]> {
  await open(page, path);
  const all = await page.evaluate(() => {
    // Of a group of radio buttons Tab goes to the one that is chosen.
    const input = "input:enabled:not([type='radio']:not(:checked))";
    const places = `a[href], button:enabled, ${input}, select:enabled, textarea:enabled, summary, [tabindex='0']`;
    const shown = [...document.querySelectorAll<HTMLElement>(places)].filter((place) => place.checkVisibility());
    return shown.length;
  });
  const stops: Stop[] = [];
  for (let press = 0; press < all; press += 1) {
    await page.keyboard.press("Tab");
    const here = await stop(page);
    if (!here) break;
    stops.push(here);
  }
  expect(stops.length, "places that Tab goes to").toBe(all);
  expect(stops.filter(({ marked, seen }) => !marked || !seen)).toEqual([]);
  return stops;
}

for (const [name, path] of Object.entries(pages)) {
  if (["login", "not-found"].includes(name)) continue;
  test(`Tab goes through ${name} from its first to its last, and always shows where it is`, async ({ page }) => {
    test.setTimeout(90_000);
    if (name === "backups") await page.request.post("/ni_status/backups", { data: {} });
    const [first] = await tabThrough(page, path);
    expect(first.what).toContain("Skip to");
  });
}

test.describe("nobody is signed in", () => {
  test.use({ signedIn: false });

  test("one signs in without a mouse", async ({ page }) => {
    await tabThrough(page, pages.login);
    await open(page, pages.login);
    await tabTo(page, page.getByLabel("User"));
    await page.keyboard.type("admin");
    await page.keyboard.press("Tab");
    await page.keyboard.type("admin");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/\/agm\/$/);
  });
});

test("the skip link leads past the navigation, and the navigation to every page", async ({ page }) => {
  test.setTimeout(90_000);
  await open(page, "/agm/");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport({ ratio: 1 });
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => !!document.activeElement?.closest("main"))).toBe(true);

  for (const name of await page.getByRole("navigation").getByRole("link").allTextContents()) {
    const link = page.getByRole("navigation").getByRole("link", { name, exact: true });
    await tabTo(page, link);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("navigation").locator("[aria-current='page']")).toHaveText(name);
    await expect(page.locator("html[data-hydrated]")).toBeAttached();
  }
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test("the navigation is a drawer, which is opened, gone through and left by keys", async ({ page }) => {
    await open(page, "/agm/");
    const menu = page.getByRole("button", { name: "Menu" });
    const pages = page.getByRole("navigation").getByRole("link");
    await expect(pages).toHaveCount(0);
    await tabTo(page, menu);
    await page.keyboard.press("Enter");
    await expect(pages).toHaveCount(9);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await tabTo(page, page.getByRole("link", { name: "Routes", exact: true }));
    await page.keyboard.press("Escape");
    await expect(pages).toHaveCount(0);
    await expect(menu).toBeFocused();
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("link", { name: "Routes", exact: true }));
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/agm\/routes$/);
    await menu.click();
    await expect(page.locator("[aria-current='page']")).toHaveText("Routes");
    await page.getByRole("button", { name: "Close" }).click();
    await expect(menu).toBeFocused();
  });
});

test("a worker is switched and switched back without a mouse", async ({ page }) => {
  test.setTimeout(90_000);
  await open(page, "/agm/");
  const opener = page.getByRole("button", { name: "Set model of alice" });
  await tabTo(page, opener);
  await page.keyboard.press("Enter");

  const form = page.getByRole("dialog", { name: "Set model of alice" });
  await expect(form.getByLabel("Provider")).toBeFocused();
  await expect(models(page)).toHaveCount(2);
  await page.keyboard.press("Tab");
  await expect(form.getByRole("combobox", { name: "Model", exact: true })).toBeFocused();
  await page.keyboard.type("reason");
  await expect(models(page)).toHaveCount(1);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await tabTo(page, form.getByRole("button", { name: "Show the plan" }));
  await page.keyboard.press("Enter");

  const change = page.getByRole("dialog", { name: "alice » deepseek-reasoner", exact: true });
  await expect(change.getByRole("region", { name: "What will change" })).toBeFocused();
  await tabTo(page, change.getByRole("button", { name: "Apply" }));
  await page.keyboard.press("Enter");
  await expect(change).toContainText("Done, and read back.", { timeout: 20_000 });
  expect((await ask("alice")).text).toContain("deepseek-reasoner");

  await tabTo(page, change.getByRole("button", { name: "Undo" }));
  await page.keyboard.press("Enter");
  const undo = page.getByRole("dialog", { name: /^Undo/ });
  await expect(undo.getByRole("region", { name: "What will change" })).toBeFocused();
  await tabTo(page, undo.getByRole("button", { name: "Apply" }));
  await page.keyboard.press("Enter");
  await expect(undo).toContainText("Done, and read back.", { timeout: 20_000 });
  await tabTo(page, undo.getByRole("button", { name: "Done", exact: true }));
  await page.keyboard.press("Enter");
  await expect(undo).toBeHidden();
  await expect(opener).toBeFocused();
  expect((await ask("alice")).text).toContain("deepseek-chat");
});

test("Escape leaves a dialog, and the focus is where it was", async ({ page }) => {
  for (const [path, button] of [
    ["/agm/", "+ Add provider"],
    ["/agm/providers", "Edit deepseek"],
    ["/agm/models", "Set model of bob"],
  ]) {
    await open(page, path);
    const opener = page.getByRole("button", { name: button });
    await tabTo(page, opener);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await expect(dialog).toBeVisible();
    // Inside of an open dialog Tab goes round, and never to the page behind it.
    for (let press = 0; press < 20; press += 1) {
      await page.keyboard.press("Tab");
      const behind = await page.evaluate(() => !!document.activeElement?.closest("main, header.top"));
      expect(behind).toBe(false);
    }
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
  }
});

test.afterEach(async ({ page }) => {
  await setModel(page, "alice", "deepseek", "deepseek-chat");
});
