// A thief who reads the memory of an inbox after records came to it compressed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { memoryOf, obstacle } from "./memory.js";
import { Needles } from "./needles.js";
import { record, Site, serving } from "./victims.js";

vi.setConfig({ testTimeout: 300_000 });

const parent = mkdtempSync(join(tmpdir(), "seal-thief-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const thief = test.skipIf(obstacle() !== null);

/** Not in the types of Node 20. */
const ZSTD_C_CHECKSUM = 201;

/** In both codings. Zstandard is Node's from 22.15 on, and a program's elsewhere. */
const CODINGS: Record<string, (text: string) => Buffer | null> = {
  gzip: (text) => zlib.gzipSync(text),
  zstd: (text) => {
    const { zstdCompressSync: native } = zlib as unknown as Record<string, (text: string, options: object) => Buffer>;
    if (native) return native(text, { params: { [ZSTD_C_CHECKSUM]: 1 } });
    const { error, stdout } = spawnSync("zstd", ["-c", "--check"], { input: text, maxBuffer: 2 ** 24 });
    return error ? null : stdout;
  },
};

thief.each(Object.keys(CODINGS))(
  "of records that came compressed, or were refused, no word is left: %s",
  async (coding) => {
    const site = new Site(parent, "post-quantum");
    const { victim, postEncoded } = await serving(site);
    onTestFinished(() => victim.end());
    const needles = new Needles();
    for (const [count, isDamaged] of [
      [1, false],
      [3000, false],
      [1, true],
      [3000, true],
    ] as const) {
      const lines = Array.from({ length: count }, record);
      const body = CODINGS[coding]!(lines.join("\n"));
      if (!body) return;
      if (isDamaged) body[body.length - (coding === "gzip" ? 5 : 1)]! ^= 1;
      expect(await postEncoded(body, coding)).toBe(isDamaged ? 400 : 201);
      const name = `${count} ${isDamaged ? "damaged" : "whole"}`;
      for (const [i, line] of lines.entries())
        if (i % 50 === 0) needles.add(`${name}: ${i}`, Buffer.from(line.slice(7)));
      // Who has what was sent has the records.
      for (let at = 20; at + 24 <= body.length; at += 2000)
        needles.add(`${name}: sent ${at}`, body.subarray(at, at + 24));
    }
    const found = [...needles.foundIn(memoryOf(victim.pid))];
    expect(found).toEqual([]);
  },
);
