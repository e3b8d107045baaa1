import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** What has to be looked at by a person, because a drawing lies under it: `contrast.spec.ts` looks at its colours. */
const DRAWN_ON = "color-contrast";

/** What axe finds on a page, and what it is not sure of. */
export async function violations(page: Page) {
  // The size of what is pressed is part of WCAG 2.2 AA, and the only rule of it that axe does not look at unasked.
  const axe = new AxeBuilder({ page }).options({ rules: { "target-size": { enabled: true } } });
  const { violations, incomplete } = await axe.analyze();
  const unsure = incomplete.filter(({ id, tags }) => tags.some((tag) => tag.startsWith("wcag")) && id !== DRAWN_ON);
  return [...violations, ...unsure].map(({ id, nodes }) => ({
    id,
    where: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
  }));
}

/** Draws also what is out of sight, so that it is on the picture. */
export async function drawAll(page: Page) {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { content-visibility: visible !important }");
    document.adoptedStyleSheets = [sheet];
  });
}
