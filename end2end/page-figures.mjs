// The figures of the page, each beside its goal: what a first load of Home costs a slow machine on a slow line, how soon a
// press is answered, and how long the server takes to render each page of a large installation.
// Usage: node page-figures.mjs AGM-BINARY
import { chromium } from "@playwright/test";
import { OwnServer } from "./own-server.mjs";
import { pages } from "./pages.mjs";

const ROUNDS = 5;
const CPU_SLOWDOWN = 4;
const BITS_PER_SECOND = 10_000_000;
/** From a request to its answer, in milliseconds. */
const LATENCY = 20;
const LARGE = { workers: 1_000, providers: 200 };

const [binary] = process.argv.slice(2);

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * @param {string} name
 * @param {number} value
 * @param {string} unit
 * @param {number} [goal]
 */
const row = (name, value, unit, goal) => {
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(unit === "" ? 4 : 0);
  const judged = goal === undefined ? "" : `goal <= ${String(goal).padEnd(7)} ${value <= goal ? "reached" : "MISSED"}`;
  console.log(`  ${name.padEnd(46)} ${shown.padStart(8)} ${unit.padEnd(5)}  ${judged}`.trimEnd());
};

/**
 * @param {string} url
 * @param {string} path
 * @param {unknown} body
 * @param {string} [cookie]
 */
const post = async (url, path, body, cookie = "") => {
  const headers = { "content-type": "application/json", "x-agm-ui": "1", cookie };
  const answer = await fetch(`${url}/ni_status/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
};

/** The cookie of a session. @param {string} url */
const signIn = async (url) => {
  const answer = await post(url, "login", { username: "admin", password: "admin" });
  return answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
};

/** Runs in the page before anything of it: notes what happens when, in milliseconds since the navigation began. */
const observe = () => {
  const seen = { paint: 0, alive: 0, shift: 0, answer: 0, frame: 0 };
  Object.assign(window, { seen });
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.paint = entry.startTime))).observe({
    type: "largest-contentful-paint",
    buffered: true,
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new MutationObserver((_, observer) => {
    if (!document.documentElement?.hasAttribute("data-hydrated")) return;
    seen.alive = performance.now();
    observer.disconnect();
  }).observe(document, { attributes: true, childList: true, subtree: true });
  // From an input to the end of the frame that paints the first change after it.
  for (const input of ["click", "input"]) {
    addEventListener(
      input,
      (event) => {
        const change = new MutationObserver(() => {
          change.disconnect();
          requestAnimationFrame(() => {
            const painted = new MessageChannel();
            painted.port1.onmessage = () => (seen.answer = performance.now() - event.timeStamp);
            painted.port2.postMessage(0);
          });
        });
        change.observe(document.documentElement, { attributes: true, childList: true, subtree: true });
      },
      { capture: true },
    );
  }
};

/**
 * A page as a new visitor on a slow line sees it, on a machine so many times slower than this one.
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 * @param {number} slowdown
 */
const visitor = async (browser, url, slowdown) => {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 860 } });
  await context.request.post("/ni_status/login", { data: { username: "admin", password: "admin" } });
  await context.addInitScript(observe);
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  const bytesPerSecond = BITS_PER_SECOND / 8;
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: LATENCY,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: bytesPerSecond,
  });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  /** @type {Map<string, string>} */
  const paths = new Map();
  /** @type {Map<string, number>} */
  const bytes = new Map();
  devtools.on("Network.responseReceived", ({ requestId, response }) => {
    paths.set(requestId, new URL(response.url).pathname);
  });
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes.set(paths.get(requestId) ?? requestId, encodedDataLength);
  });
  return { context, page, bytes };
};

/**
 * What the page has noted so far.
 * @param {import("@playwright/test").Page} page
 * @returns {Promise<{paint: number, alive: number, shift: number, answer: number}>}
 */
const noted = (page) => page.evaluate("window.seen");

/** Waits until the answer to an input was painted, and tells after how long. @param {import("@playwright/test").Page} page */
const answered = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const { seen } = /** @type {any} */ (window);
        const look = () => {
          if (seen.answer === 0) return requestAnimationFrame(look);
          done(seen.answer);
          seen.answer = 0;
        };
        look();
      }),
  );

/**
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 */
const firstLoad = async (browser, url) => {
  const { context, page, bytes } = await visitor(browser, url, CPU_SLOWDOWN);
  await page.goto("/agm/", { waitUntil: "load" });
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
  await page.evaluate(() => document.fonts.ready);
  // The second frame after the fonts: whatever they moved has been counted.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const { paint, alive, shift } = await noted(page);
  const loaded = new Map(bytes);
  await page.getByRole("button", { name: "Set model of alice" }).click();
  const answer = await answered(page);
  await page.getByRole("dialog").waitFor();
  await context.close();
  return { paint, alive, shift, answer, loaded };
};

const home = async (browser) => {
  const server = await OwnServer.start([], 0, binary);
  try {
    const cookie = await signIn(server.url);
    await post(server.url, "backups", {}, cookie);
    for (const model of ["deepseek-reasoner", "deepseek-chat"]) {
      await post(server.url, "set-model", { target: "worker:alice", provider: "deepseek", model }, cookie);
    }
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await firstLoad(browser, server.url));
    const middle = (/** @type {"paint" | "alive" | "shift" | "answer"} */ of) => median(rounds.map((round) => round[of]));
    const files = [...rounds[0].loaded].filter(([path]) => !path.startsWith("/ni_status/")).sort((a, b) => b[1] - a[1]);
    console.log("the first load of Home, bytes over the wire");
    for (const [path, size] of files) console.log(`  ${String(size).padStart(8)}  ${path}`);
    console.log(`\nHome at ${CPU_SLOWDOWN}x CPU slowdown, 10 Mbit/s, ${LATENCY} ms to an answer; median of ${ROUNDS}`);
    row("bytes", files.reduce((sum, [, size]) => sum + size, 0), "bytes", 280_000);
    row("largest contentful paint", middle("paint"), "ms", 1_000);
    row("fully interactive", middle("alive"), "ms", 1_800);
    row("layout shift", middle("shift"), "", 0);
    row("press of Set model to the first change painted", middle("answer"), "ms", 100);
  } finally {
    await server.stop();
  }
};

/**
 * How long the server takes for a page, in milliseconds: the first time, and the median after that.
 * @param {string} url
 * @param {string} cookie
 */
const rendered = async (url, cookie) => {
  const times = [];
  let size = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const began = performance.now();
    const answer = await fetch(url, { headers: { cookie, accept: "text/html" } });
    size = (await answer.arrayBuffer()).byteLength;
    times.push(performance.now() - began);
  }
  return { first: times[0], then: median(times.slice(1)), size };
};

const large = async (browser) => {
  const more = ["--more-workers", String(LARGE.workers - 5), "--more-providers", String(LARGE.providers - 3)];
  const server = await OwnServer.start(more, 0, binary);
  try {
    const cookie = await signIn(server.url);
    console.log(`\n${LARGE.workers} workers and ${LARGE.providers} providers: the server's time for a page, median of ${ROUNDS}`);
    for (const [name, path] of Object.entries(pages)) {
      const { first, then, size } = await rendered(server.url + path, cookie);
      row(`${name}, ${Math.round(size / 1000)} KB of HTML (at first ${Math.round(first)} ms)`, then, "ms", 500);
    }
    await largeHome(browser, server.url, 1, { answer: 100, frame: 50 });
    await largeHome(browser, server.url, CPU_SLOWDOWN, {});
  } finally {
    await server.stop();
  }
};

/**
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 * @param {number} slowdown
 * @param {{answer?: number, frame?: number}} goals in milliseconds
 */
const largeHome = async (browser, url, slowdown, goals) => {
  console.log(`\nHome with ${LARGE.workers} workers at ${slowdown}x CPU slowdown; median of ${ROUNDS}`);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await largeFloor(browser, url, slowdown));
  const middle = (/** @type {"scroll" | "key" | "clear" | "after"} */ of) => median(rounds.map((round) => round[of]));
  row("scrolling, the longest of 120 frames", middle("scroll"), "ms", goals.frame);
  row("search, the slowest of 5 keys until painted", middle("key"), "ms", goals.answer);
  row("search emptied, until painted", middle("clear"), "ms", goals.answer);
  row("scrolling at once after that, the longest frame", middle("after"), "ms", goals.frame);
};

/**
 * Scrolling and searching where a thousand sit.
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 * @param {number} slowdown
 */
const largeFloor = async (browser, url, slowdown) => {
  const { context, page } = await visitor(browser, url, slowdown);
  await page.goto("/agm/");
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
  const scroll = await page.evaluate(longestFrame);
  await page.evaluate(() => scrollTo(0, 0));
  const field = page.getByRole("searchbox");
  const keys = [];
  for (const key of "ada-0") {
    await field.press(key);
    keys.push(await answered(page));
  }
  await field.fill("");
  const clear = await answered(page);
  const after = await page.evaluate(longestFrame);
  await context.close();
  return { scroll, key: Math.max(...keys), clear, after };
};

/** Runs in the page: scrolls on with each frame. */
const longestFrame = () =>
  new Promise((done) => {
    let [frames, longest, before] = [0, 0, 0];
    const next = (/** @type {number} */ now) => {
      if (frames > 0) longest = Math.max(longest, now - before);
      before = now;
      frames += 1;
      scrollBy(0, 60);
      if (frames < 120) requestAnimationFrame(next);
      else done(longest);
    };
    requestAnimationFrame(next);
  });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  await home(browser);
  await large(browser);
} finally {
  await browser.close();
}
