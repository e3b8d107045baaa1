import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";

// Axe cannot tell the contrast of text on a patterned floor, of what is behind a picture, of states that nothing is in while
// it looks, or of edges. The colours that are used together are looked at here, theme by theme.

const CSS = readFileSync(new URL("../../style/10-tokens.css", import.meta.url), "utf8");

type Colours = Record<string, string>;

/** The colours that a rule sets. */
function colours(selector: string): Colours {
  const from = CSS.indexOf(`${selector} {`);
  expect(from, selector).toBeGreaterThanOrEqual(0);
  const rule = CSS.slice(from, CSS.indexOf("}", from));
  return Object.fromEntries([...rule.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
}

const pixel = colours(":root");
const themes: Record<string, Colours> = {
  pixel,
  cyber: { ...pixel, ...colours(':root[data-theme="cyber"]') },
  office: { ...pixel, ...colours(':root[data-theme="office"]') },
};

/** The relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** How different two colours look, in OKLab: black and white are 1 apart. */
function distance(one: string, other: string): number {
  const lab = (colour: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const value = parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    const [l, m, s] = [
      0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
      0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
      0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
    ].map(Math.cbrt);
    return [
      0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
      1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
      0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ];
  };
  const [from, to] = [lab(one), lab(other)];
  return Math.hypot(...from.map((value, at) => value - to[at]));
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

test("the formula is that of WCAG", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

test("no two tints of providers look alike", () => {
  const tints = Object.entries(pixel).filter(([name]) => name.startsWith("tint-"));
  expect(tints.length).toBe(10);
  const alike = tints.flatMap(([one, colour], at) =>
    tints.slice(at + 1).filter(([, other]) => distance(colour, other) < 0.11).map(([other]) => `${one} and ${other}`),
  );
  expect(alike).toEqual([]);
});

const SURFACES = ["floor", "panel", "raised", "tile"];
const TEXTS = ["text", "soft", "accent", "highlight", "ok", "busy", "info", "danger", "unknown"];

for (const [theme, colour] of Object.entries(themes)) {
  /** Those of the pairs that have less contrast than they need. */
  const weak = (pairs: [string, string][], least: number) => {
    const measured = pairs.map(([one, other]) => ({ pair: `${one} on ${other}`, is: contrast(colour[one], colour[other]) }));
    // A colour that there is not has no contrast, and fails too.
    return measured.filter(({ is }) => !(is >= least));
  };

  test(`${theme}: every text can be read on every surface`, () => {
    const pairs = TEXTS.flatMap((text) => SURFACES.map((surface): [string, string] => [text, surface]));
    // What is pressed or chosen: dark on the accent; a row or a button under the pointer.
    const states: [string, string][] = [["floor", "accent"], ["floor", "highlight"], ["text", "line-dim"]];
    expect(weak([...pairs, ...states], 4.5)).toEqual([]);
  });

  test(`${theme}: what can be filled in or is focused has an edge that is seen`, () => {
    const edges: [string, string][] = ["line", "accent", "danger", "highlight"].flatMap((edge) =>
      ["floor", "panel"].map((surface): [string, string] => [edge, surface]),
    );
    expect(weak(edges, 3)).toEqual([]);
  });

  test(`${theme}: the chips of providers are seen on their cards`, () => {
    const chips = Object.keys(colour).filter((name) => name.startsWith("tint-"));
    expect(weak(chips.map((chip): [string, string] => [chip, "panel"]), 3)).toEqual([]);
  });
}
