// Zstandard, against what libzstd 1.5.7 has made, and against libzstd itself where Node has it (from 22.15 on).

import { readFileSync } from "node:fs";
import * as zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { damagedFrom, decoded, refusalOf, samples } from "./decoded.js";

type Code = (body: Uint8Array, options?: { params: Record<number, number> }) => Buffer;
const { zstdCompressSync: compress, zstdDecompressSync: decompress } = zlib as unknown as Record<string, Code>;
const native = test.skipIf(!compress);
/** Of zstd.h, as the types of Node 20 lack them. */
const [LEVEL, WINDOW_LOG, SIZE, CHECKSUM] = [100, 101, 200, 201];

const made = JSON.parse(readFileSync(new URL("zstd.json", import.meta.url), "utf8")) as { of: string; body: string }[];
const named = (name: string) => samples().find(([each]) => each === name)![1];
const bodyOf = (name: string) => Buffer.from(made.find(({ of }) => of === name)!.body, "base64");

test.each(made)("decodes what libzstd made: $of", async ({ of, body }) => {
  expect((await decoded("zstd", Buffer.from(body, "base64"))).equals(named(of))).toBe(true);
});

native.each(samples())("decodes %s, at many levels", async (_name, plain) => {
  for (const [level, more] of [
    [-50, { [CHECKSUM]: 1 }],
    [1, { [SIZE]: 0 }],
    [5, { [WINDOW_LOG]: 11 }],
    [9, {}],
    [14, { [WINDOW_LOG]: 14, [CHECKSUM]: 1 }],
    [19, {}],
  ] as const) {
    const body = compress!(plain, { params: { [LEVEL]: level, ...more } });
    expect((await decoded("zstd", body)).equals(plain), String(level)).toBe(true);
  }
});

native("what is changed or cut is decoded to what libzstd makes of it, or refused", async () => {
  const differing: string[] = [];
  for (const [name, step] of [
    ["text of 1000", 1],
    ["few symbols", 800],
    ["runs", 3],
  ] as const) {
    for (const checksum of [0, 1]) {
      const body = compress!(named(name), { params: { [CHECKSUM]: checksum, [LEVEL]: 3 } });
      for (const bad of damagedFrom(body, step)) {
        const found = bad.length === 0 ? null : await decoded("zstd", bad, 2 ** 20).catch(() => null);
        if (found && !decompress!(bad).equals(found)) differing.push(bad.toString("hex"));
      }
    }
  }
  expect(differing).toEqual([]);
});

test("with a checksum, whatever is changed in what it covers is refused", async () => {
  const body = bodyOf("text of 1000");
  let refused = 0;
  for (const bad of damagedFrom(body)) {
    const found = bad.length === 0 ? null : await decoded("zstd", bad).catch(() => null);
    // Some bits mean nothing: the least significant ones of a window's size, say.
    if (found) expect(found.equals(named("text of 1000"))).toBe(true);
    else refused++;
  }
  expect(refused).toBeGreaterThan(4.9 * body.length);
});

const MAGIC = Buffer.from("28b52ffd", "hex");
/** A block's head: whether it is the last, its type and size. */
const block = (isLast: number, type: number, size: number) => {
  const head = Buffer.alloc(3);
  head.writeUIntLE(isLast | (type << 1) | (size << 3), 0, 3);
  return head;
};
const hex = (text: string) => Buffer.from(text.replace(/ /g, ""), "hex");
/** A frame with a window of 1 KiB. */
const frame = (...parts: Buffer[]) => Buffer.concat([MAGIC, hex("00 00"), ...parts]);
const raw = (text: string) => frame(block(1, 0, text.length), Buffer.from(text));

describe("a body of frames", () => {
  test.each<[string, Buffer, string]>([
    ["of one, as it is", raw("abc"), "abc"],
    ["of several, some of them empty", Buffer.concat([raw("ab"), raw(""), raw("c")]), "abc"],
    ["with something that is to be skipped", Buffer.concat([hex("5a2a4d18 03000000 ffffff"), raw("abc")]), "abc"],
    ["of a byte that is repeated", frame(block(1, 1, 5), Buffer.from("a")), "aaaaa"],
    ["of two blocks", frame(block(0, 0, 1), Buffer.from("a"), block(1, 1, 3), Buffer.from("b")), "abbb"],
    ["of a sequence", frame(block(1, 2, 8), hex("08 61 01 54 01 00 00 01")), "aaaa"],
    ["with literals that are repeated, and no sequence", frame(block(1, 2, 3), hex("29 78 00")), "xxxxx"],
    ["that says its length", Buffer.concat([MAGIC, hex("20 03"), block(1, 0, 3), Buffer.from("abc")]), "abc"],
    ["whose dictionary is none", Buffer.concat([MAGIC, hex("01 00 00"), block(1, 0, 3), Buffer.from("abc")]), "abc"],
  ])("%s", async (_what, body, plain) => {
    expect((await decoded("zstd", body)).toString()).toBe(plain);
    // Node reads one frame.
    if (decompress && body.lastIndexOf(MAGIC) === 0) expect(decompress(body).toString()).toBe(plain);
    for (let cut = 1; cut < body.length; cut++) {
      const found = await decoded("zstd", body.subarray(0, cut)).catch(() => null);
      // What is cut between two frames is whole.
      if (found) expect(["ab", ""]).toContain(found.toString());
    }
  });

  test.each<[string, Buffer]>([
    ["something behind it", Buffer.concat([raw("abc"), Buffer.from("x")])],
    ["something longer behind it", Buffer.concat([raw("abc"), Buffer.from("xxxxx")])],
    ["what is to be skipped is cut", hex("5a2a4d18 03000000 ffff")],
    ["another magic", hex("28b52ffc 0000 010000")],
    ["a dictionary", Buffer.concat([MAGIC, hex("01 00 07"), block(1, 0, 0)])],
    ["a reserved bit", Buffer.concat([MAGIC, hex("08 00"), block(1, 0, 0)])],
    ["a reserved type of block", frame(block(1, 3, 0))],
    ["a window of more than 8 MiB", Buffer.concat([MAGIC, hex("00 69"), block(1, 0, 0)])],
    ["a length that does not fit", Buffer.concat([MAGIC, hex("20 04"), block(1, 0, 3), Buffer.from("abc")])],
    ["a block that is longer than the window", frame(block(1, 1, 1025), Buffer.from("a"))],
    ["literals that are longer than the window", frame(block(1, 2, 4), hex("15 40 78 00"))],
    ["a table that is not there", frame(block(1, 2, 8), hex("13 40 00 01 01 01 01 00"))],
    ["something behind a block's end", frame(block(1, 2, 4), hex("29 78 00 00"))],
    ["a sequence that refers to what is not there", frame(block(1, 2, 8), hex("08 61 01 54 01 02 00 07"))],
    ["a checksum that does not fit", Buffer.concat([MAGIC, hex("04 00"), block(1, 0, 1), hex("61 00000000")])],
  ])("is refused: %s", async (what, body) => {
    expect(await refusalOf("zstd", body)).toBe("bad-encoding");
    // libzstd takes a larger window, and Node passes over what is behind a frame, and what is no frame.
    if (decompress && !/window of|behind it|skipped/.test(what)) expect(() => decompress(body)).toThrow();
  });

  test("refers to nothing of the frame before it", async () => {
    // No literal, and a match of three bytes from as far back as the second of the last three, which is 4 at first.
    const back = block(1, 2, 7);
    const sequence = hex("00 01 54 00 00 00 01");
    const one = frame(block(0, 0, 6), Buffer.from("abcdef"), back, sequence);
    expect((await decoded("zstd", one)).toString()).toBe("abcdefcde");
    expect(await refusalOf("zstd", Buffer.concat([raw("abcdef"), frame(back, sequence)]))).toBe("bad-encoding");
  });
});

describe("what becomes too long", () => {
  test("is refused as soon as it does, whatever it says of its length", async () => {
    const bomb = frame(Buffer.alloc(4 * 2 ** 18, Buffer.concat([block(0, 1, 1024), Buffer.from("a")])));
    const before = process.memoryUsage().arrayBuffers;
    expect(await refusalOf("zstd", bomb, 2 ** 20)).toBe("too-large");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 23);
    expect(await refusalOf("zstd", bodyOf("zeros"), 999_999)).toBe("too-large");
    expect(await refusalOf("zstd", bodyOf("zeros"), 1_000_000)).toBe(null);
  });

  test("is refused by what it says, before anything is decoded", async () => {
    const claim = Buffer.concat([MAGIC, hex("e0 ffffffffffffff7f"), block(1, 0, 1), Buffer.from("a")]);
    expect(await refusalOf("zstd", claim)).toBe("too-large");
  });
});
