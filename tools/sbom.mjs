// What a shipped agm is made of: every crate of the program and of the web client inside it, Rust's own library, what Zig
// links below them, and the fonts, as CycloneDX; and the texts of their licences.
// Usage: node tools/sbom.mjs SBOM LICENCES TARGET…           writes both files
//        node tools/sbom.mjs --check SBOM PROGRAM            fails when the program holds a part that the SBOM does not name
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** @param {string} program @param {string[]} args */
const run = (program, ...args) => execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });

/**
 * What is linked, as `name version`: neither what only builds, nor what only tests.
 * @param {string} root @param {string[]} targets @param {string[]} more
 */
const linked = (root, targets, ...more) => {
  const chosen = targets.flatMap((target) => ["--target", target]);
  const edges = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
  const lines = run("cargo", "tree", "--locked", "--package", root, ...edges, ...chosen, ...more).split("\n");
  return lines.flatMap((line) => /^(\S+) v(\S+)/.exec(line)?.slice(1, 3).join(" ") ?? []);
};

/** The checksums of Cargo.lock, by `name version`. */
const checksums = () => {
  const lock = readFileSync("Cargo.lock", "utf8");
  const found = lock.matchAll(/name = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"/g);
  return new Map([...found].map(([, name, version, sum]) => [`${name} ${version}`, sum]));
};

/** @typedef {{name: string, version: string, license: string | null, manifest_path: string, source: string | null, description: string | null}} Package */

/** The crates in the program, sorted. @param {string[]} targets @returns {Package[]} */
const crates = (targets) => {
  const wanted = new Set([
    ...linked("server", targets, "--features", "site-inside"),
    ...linked("frontend", ["wasm32-unknown-unknown"]),
  ]);
  /** @type {Package[]} */
  const packages = JSON.parse(run("cargo", "metadata", "--locked", "--format-version", "1")).packages;
  const found = packages.filter(({ name, version }) => wanted.has(`${name} ${version}`));
  return found.sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
};

/** @param {Package} crate @param {Map<string, string>} sums */
const component = ({ name, version, license, source, description }, sums) => {
  const sum = sums.get(`${name} ${version}`);
  return {
    type: "library",
    "bom-ref": `${name}@${version}`,
    name,
    version,
    ...(description === null ? {} : { description: description.trim() }),
    ...(sum === undefined ? {} : { hashes: [{ alg: "SHA-256", content: sum }] }),
    // A slash between licences is the old spelling of OR.
    ...(license === null ? {} : { licenses: [{ expression: license.replaceAll(/\s*\/\s*/g, " OR ") }] }),
    ...(source === null ? {} : { purl: `pkg:cargo/${name}@${version}` }),
  };
};

/** Zig as it was installed. */
const zig = () => {
  const version = /^ziglang==(\S+)/m.exec(readFileSync("tools/pypi-zig.txt", "utf8"))?.[1] ?? "";
  const python = readdirSync(".tools/zig/lib").find((name) => name.startsWith("python")) ?? "";
  const packages = join(".tools/zig/lib", python, "site-packages");
  /** @param {string} file */
  const read = (file) => readFileSync(join(packages, file), "utf8");
  return {
    version,
    /** @param {string} name */
    file: (name) => read(`ziglang/lib/${name}`),
    /** @param {string} name */
    licence: (name) => read(`ziglang-${version}.dist-info/licenses/ziglang/${name}`),
  };
};

/**
 * What Zig links below the crates: its licence and where Zig has the text, and what only a program says that holds it.
 * @type {{name: string, license: string, text: string, says?: string}[]}
 */
const BELOW = [
  { name: "musl", license: "MIT", text: "lib/libc/musl/COPYRIGHT", says: "No error information" },
  { name: "llvm-libunwind", license: "Apache-2.0 WITH LLVM-exception", text: "lib/libunwind/LICENSE.TXT", says: "libunwind: " },
  { name: "zig-compiler-rt", license: "MIT", text: "LICENSE" },
];

const below = () => {
  const { version, file } = zig();
  const musl = /VERSION "(.*)"/.exec(file("libc/musl/src/internal/version.h"))?.[1];
  // LLVM's libraries come together, and only this one says of which release.
  const llvm = /_LIBCPP_VERSION (\d\d)(\d\d)(\d\d)/.exec(file("libcxx/include/__config"))?.slice(1).map(Number).join(".");
  /** @type {Record<string, string | undefined>} */
  const versions = { musl, "llvm-libunwind": llvm, "zig-compiler-rt": version };
  const untold = Object.keys(versions).filter((name) => !versions[name]);
  if (untold.length > 0) throw new Error(`Zig ${version} does not say the version of ${untold.join(", ")}`);
  return BELOW.map(({ name, license }) => ({
    type: "library",
    "bom-ref": name,
    name,
    version: versions[name],
    description: `As Zig ${version} brings it.`,
    licenses: [{ expression: license }],
    purl: `pkg:generic/${name}@${versions[name]}`,
  }));
};

const fonts = () =>
  readdirSync("public/fonts")
    .filter((file) => file.endsWith(".OFL.txt"))
    .map((file) => file.replace(".OFL.txt", ""))
    .map((name) => ({ type: "data", "bom-ref": `font/${name}`, name, licenses: [{ expression: "OFL-1.1" }] }));

/** @param {string[]} targets @param {Package[]} packages */
const sbom = (targets, packages) => {
  const sums = checksums();
  const own = packages.find(({ name }) => name === "server");
  const rust = run("rustc", "--version").split(" ")[1];
  const library = { type: "library", "bom-ref": "rust-std", name: "rust-std", version: rust };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: { type: "application", "bom-ref": "agm", name: "agm", version: own?.version, licenses: [{ expression: "MIT" }] },
      properties: targets.map((value) => ({ name: "agm:target", value })),
    },
    components: [
      ...packages.map((crate) => component(crate, sums)),
      { ...library, licenses: [{ expression: "MIT OR Apache-2.0" }] },
      ...below(),
      ...fonts(),
    ],
  };
};

/** The licences' texts, each once, above it the parts that come with it. @param {Package[]} packages */
const licences = (packages) => {
  /** @type {Map<string, string[]>} */
  const texts = new Map();
  for (const { name, version, license, manifest_path, source } of packages) {
    if (source === null) continue;
    const folder = dirname(manifest_path);
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|unlicense)/i.test(file));
    const found = files.flatMap((file) => readText(join(folder, file)));
    for (const text of found.length > 0 ? found : [`No text comes with it; its licence is ${license}.`]) {
      texts.set(text, [...(texts.get(text) ?? []), `${name} ${version}`]);
    }
  }
  for (const { name, text } of BELOW) {
    const licence = zig().licence(text).trim();
    texts.set(licence, [...(texts.get(licence) ?? []), name]);
  }
  return [...texts].map(([text, names]) => `${"=".repeat(80)}\n${names.join(", ")}\n\n${text}\n`).join("\n");
};

/** The text of a file; nothing for a folder. @param {string} file */
const readText = (file) => {
  try {
    return [readFileSync(file, "utf8").trim()];
  } catch {
    return [];
  }
};

/** Crates that left a path in the text of a program, as `name@version`. @param {string} text */
const cratesIn = (text) => {
  const paths = text.matchAll(/\/registry\/src\/[^/\s]+\/([A-Za-z0-9_-]+)-(\d+\.\d+\.\d+[A-Za-z0-9.+-]*)\/src\//g);
  return new Set([...paths].map(([, name, version]) => `${name}@${version}`));
};

/** @param {string} file @param {string} program */
const check = (file, program) => {
  /** @type {{components: {"bom-ref": string}[]}} */
  const { components } = JSON.parse(readFileSync(file, "utf8"));
  const named = new Set(components.map((component) => component["bom-ref"]));
  const text = readFileSync(program).toString("latin1");
  const crates = cratesIn(text);
  const marked = BELOW.filter(({ says }) => says !== undefined && text.includes(says)).map(({ name }) => name);
  const missing = [...crates, ...marked].filter((part) => !named.has(part));
  if (crates.size === 0 || missing.length > 0) {
    console.error(`${program} holds ${crates.size} crates by its paths; not in ${file}: ${missing.join(", ")}`);
    process.exit(1);
  }
  const seen = `all ${crates.size} crates that left a path in ${program}, and ${marked.join(", ") || "nothing below them"}`;
  console.log(`${file} names ${named.size} parts, among them ${seen}`);
};

const [first, second, ...rest] = process.argv.slice(2);
if (first === "--check") {
  check(second, rest[0]);
} else {
  const packages = crates(rest);
  writeFileSync(first, `${JSON.stringify(sbom(rest, packages), null, 2)}\n`);
  writeFileSync(second, licences(packages));
}
