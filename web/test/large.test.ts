// A file of 2 GiB, opened in bounded memory: only where a whole release is tried.

import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { seal } from "@sealed-files/seal";
import { expect, test } from "vitest";
import { IS_WHOLE } from "../../test/whole.js";
import { go, HAS_BROWSER, openPage, unlock } from "./browser.js";
import { cast, noise } from "./people.js";

const MIB = 1024 * 1024;
const SIZE = Number(process.env.SEAL_PAGE_SIZE ?? 2048) * MIB;
/** MiB that all processes of the browser may take more than before, together. */
const MOST = 700;

test.skipIf(!HAS_BROWSER || !IS_WHOLE)(
  "2 GiB are opened, and memory stays bounded",
  async () => {
    const people = await cast();
    const piece = noise(16 * MIB);
    const hash = createHash("sha256");
    const file = await openFile(people.at("huge.bin"), "w");
    for (let at = 0; at < SIZE; at += piece.length) {
      piece.writeUInt32LE(at / MIB);
      hash.update(piece);
      await file.write(piece);
    }
    await file.close();
    const sealed = { path: people.at("huge.bin.sealed") };
    await seal({ path: people.at("huge.bin") }, sealed, { to: [people.ann.recipient], sign: people.bob });
    const { page, context } = await openPage({ onDisk: true, picker: "none" });
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(sealed.path);
    await page.getByRole("heading", { name: "What the file says of itself" }).waitFor();
    const before = memory();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, memory());
    }, 100);
    const begun = performance.now();
    const done = page.waitForEvent("download", { timeout: 0 });
    await page.getByRole("button", { name: "Open and save" }).click();
    const download = await done;
    const seconds = (performance.now() - begun) / 1000;
    clearInterval(watch);
    const rate = Math.round(SIZE / MIB / seconds);
    console.log(`${SIZE / MIB} MiB in ${seconds.toFixed(1)} s (${rate} MiB/s); memory ${before} → ${most} MiB at most`);
    const found = createHash("sha256");
    for await (const part of createReadStream(await download.path())) found.update(part);
    expect(found.digest("hex")).toBe(hash.digest("hex"));
    expect(most - before).toBeLessThan(MOST);
    await context.close();
  },
  1_500_000,
);

/** Resident MiB of all that this test has started, without what is shared twice. */
function memory(): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const [, parent] = /\) \S (\d+)/.exec(read(`/proc/${name}/stat`)) ?? [];
    if (parent) parents.set(Number(name), Number(parent));
  }
  const isOurs = (pid: number): boolean => pid === process.pid || (parents.has(pid) && isOurs(parents.get(pid)!));
  const ours = [...parents.keys()].filter((pid) => pid !== process.pid && isOurs(pid));
  const kib = ours.map((pid) => Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0));
  return Math.round(kib.reduce((sum, each) => sum + each, 0) / 1024);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // It has ended.
    return "";
  }
}
