// node bench/web.js: opens and verifies a large file in Chromium, with the library for browsers, beside the command;
// and how soon the page shows something. See --help.

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { must } from "./measure.js";
import { MIB, plainOptions, ROOT } from "./options.js";
import { median } from "./stats.js";
import { writeRandom } from "./workspace.js";

const HELP = `node bench/web.js [options]

  --size MIB      of the input; 1024 by default
  --rounds N      3 by default
  --chromium PATH /usr/bin/chromium by default
`;
const options = plainOptions(HELP, { size: 1024, rounds: 3, chromium: "/usr/bin/chromium" });

const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const library = readFileSync(`${ROOT}dist/web.js`);
const folder = mkdtempSync(join(tmpdir(), "seal-bench-web-"));
const at = (name) => join(folder, name);
const seal = (...args) => must([process.execPath, `${ROOT}bin/seal.js`, ...args], { cwd: folder });

/** What the page does: from the file that was chosen to a file of its origin's own, or to nowhere. */
async function work([verb, key, signer]) {
  const { Identity, open, verify } = await import("/web.js");
  const file = document.querySelector("input").files[0];
  const started = performance.now();
  if (verb === "verify") await verify(file, { from: [signer] });
  else {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle(`out-${started}`, { create: true });
    const keys = [await Identity.parse(new TextEncoder().encode(key))];
    await open(file, handle, { keys, from: [signer] });
    if ((await handle.getFile()).size === 0) throw new Error("nothing was written");
    await folder.removeEntry(handle.name);
  }
  return (performance.now() - started) / 1000;
}

/** Proportional memory of a browser's processes, in bytes. */
function memoryOf(profile) {
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!isOf(pid, profile)) continue;
      sum += 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      // It has ended.
    }
  }
  return sum;
}

/** The browser itself, or what it has started. */
function isOf(pid, profile) {
  for (let each = pid; each !== "1" && each !== "0"; ) {
    if (readFileSync(`/proc/${each}/cmdline`, "utf8").includes(profile)) return true;
    each = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, "utf8"))[1];
  }
  return false;
}

/** Milliseconds from the start of loading to the first that is seen. */
async function firstPaint(context) {
  const page = await context.newPage();
  await page.goto(pathToFileURL(`${ROOT}web/dist/seal.html`).href);
  const painted = await page.evaluate(
    () =>
      new Promise((resolve) => {
        new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime)).observe({
          type: "paint",
          buffered: true,
        });
      }),
  );
  await page.close();
  return painted;
}

async function main() {
  writeRandom(at("plain"), options.size * MIB);
  await seal("keygen", "-q", "-o", "alice.key");
  await seal("keygen", "-q", "-o", "bob.key", "--from", "alice.pub");
  await seal("plain", "--to", "bob.pub", "--sign", "alice.key", "-q", "-o", "sealed");
  const key = readFileSync(at("bob.key"), "utf8");
  const signer = /^sealsig1\S+$/m.exec(readFileSync(at("alice.pub"), "utf8"))[0];
  const commands = {
    open: ["open", "sealed", "--key", "bob.key", "-q", "--force", "-o", "out"],
    verify: ["verify", "sealed", "--from", "alice.pub", "-q"],
  };

  const server = createServer(({ url }, response) => {
    const isPage = url === "/";
    if (!isPage && url !== "/web.js") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": isPage ? "text/html" : "text/javascript" });
    response.end(isPage ? '<!doctype html><input type="file">' : library);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { chromium } = createRequire(import.meta.url)("playwright-core");
  const profile = at("profile");
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: options.chromium,
    args: ARGUMENTS,
  });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.setInputFiles("input", at("sealed"));

  process.stdout.write(
    `${options.size} MiB, library ${createHash("sha256").update(library).digest("hex").slice(0, 8)}\n`,
  );
  for (const verb of ["verify", "open"]) {
    const [here, there] = [[], []];
    const before = memoryOf(profile);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, memoryOf(profile));
    }, 250);
    for (let round = 0; round < options.rounds; round++) {
      const started = performance.now();
      await seal(...commands[verb]);
      there.push((performance.now() - started) / 1000);
      here.push(await page.evaluate(work, [verb, key, signer]));
    }
    clearInterval(watch);
    const [browser, command] = [median(here), median(there)];
    const memory = `${Math.round(before / MIB)} MiB before, ${Math.round(most / MIB)} MiB at most`;
    process.stdout.write(
      `${verb}: ${browser.toFixed(2)} s in Chromium, ${command.toFixed(2)} s by the command: ${(browser / command).toFixed(2)} ×; ${memory}\n`,
    );
  }
  const paints = [];
  for (let round = 0; round < 2 * options.rounds; round++) paints.push(await firstPaint(context));
  const [first, other] = [paints[0], median(paints.slice(1))];
  process.stdout.write(`the page from disk: first paint after ${Math.round(first)} ms, then ${Math.round(other)} ms\n`);
  await context.close();
  server.closeAllConnections();
  server.close();
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
