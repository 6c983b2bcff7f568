// gzip, against zlib: what that takes is taken, and what it refuses is refused.

import { constants, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/encodings/crc32.js";
import { damagedFrom, decoded, refusalOf, samples } from "./decoded.js";

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** null where zlib refuses it. */
function byZlib(body: Buffer): Buffer | null {
  try {
    return gunzipSync(body);
  } catch {
    return null;
  }
}

test.each(samples())("decodes %s, at each level and in each way", async (_name, plain) => {
  for (const level of [0, 1, 9])
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE])
      expect((await decoded("gzip", gzipSync(plain, { level, strategy }))).equals(plain)).toBe(true);
});

test.each([
  ["as it is compressed by default", {}],
  ["with the codes that need no table", { strategy: Z_FIXED }],
  ["without matches", { strategy: Z_HUFFMAN_ONLY }],
  ["stored", { level: 0 }],
])("whatever is changed or cut, the verdict is zlib's: %s", async (_what, options) => {
  const [, plain] = samples().find(([name]) => name === "text of 256")!;
  const differing: string[] = [];
  for (const body of damagedFrom(gzipSync(plain, options))) {
    const [due, found] = [byZlib(body), await decoded("gzip", body).catch(() => null)];
    // Nothing at all is a body without a record: nothing is wrong with it.
    const isSame = body.length === 0 || (due ? found?.equals(due) : found === null);
    if (!isSame) differing.push(body.toString("hex"));
  }
  expect(differing).toEqual([]);
});

describe("a gzip", () => {
  const body = gzipSync("record");
  const named = (flags: number, ...parts: (string | Uint8Array)[]) =>
    Buffer.concat([
      body.subarray(0, 3),
      Buffer.of(flags),
      body.subarray(4, 10),
      ...parts.map((part) => Buffer.from(part as string)),
      body.subarray(10),
    ]);

  test("may have several members, of which some are empty", async () => {
    expect((await decoded("gzip", Buffer.concat([body, gzipSync(""), body]))).toString()).toBe("recordrecord");
    expect((await decoded("gzip", gzipSync(""))).length).toBe(0);
  });

  test("may have a name, a comment and more in its head", async () => {
    const whole = named(0x1c, Buffer.of(3, 0), "abc", "name\0", "comment\0");
    expect((await decoded("gzip", whole)).toString()).toBe("record");
    for (let cut = 1; cut < whole.length; cut++)
      expect(await refusalOf("gzip", whole.subarray(0, cut)), String(cut)).toBe("bad-encoding");
  });

  test("may have a checksum of its head, which must fit", async () => {
    const withCheck = (check: number) => named(0x02, Buffer.of(check & 255, check >> 8));
    const fits = crc32(named(0x02), 0, 10) & 0xffff;
    expect((await decoded("gzip", withCheck(fits))).toString()).toBe("record");
    expect(byZlib(withCheck(fits))?.toString()).toBe("record");
    expect(await refusalOf("gzip", withCheck(fits ^ 1))).toBe("bad-encoding");
  });

  test.each([
    ["behind it", Buffer.concat([body, Buffer.from("x")])],
    ["zeros behind it", Buffer.concat([body, Buffer.alloc(10)])],
    ["half of another behind it", Buffer.concat([body, body.subarray(0, 15)])],
    ["a flag that nobody knows", named(0x20)],
    ["no head", deflateRawSync("record")],
    ["another method", Buffer.concat([body.subarray(0, 2), Buffer.of(7), body.subarray(3)])],
  ])("is refused: %s", async (_what, bad) => {
    expect(await refusalOf("gzip", bad)).toBe("bad-encoding");
  });

  test("does not refer to what an earlier member had", async () => {
    // A fixed block: a match of three bytes, one back; and its end.
    const bits = "1" + "10" + "0000001" + "00000" + "0000000";
    const bytes = [...bits.padEnd(24, "0").matchAll(/.{8}/g)].map(([eight]) =>
      Number.parseInt([...eight!].reverse().join(""), 2),
    );
    const head = body.subarray(0, 10);
    const member = Buffer.concat([head, Buffer.from(bytes), Buffer.alloc(8)]);
    await expect(decoded("gzip", Buffer.concat([body, member]))).rejects.toThrow("before its start");
  });
});

test("what becomes too long is refused as soon as it does, and takes no more memory than it may", async () => {
  const bomb = gzipSync(Buffer.alloc(2 ** 26));
  const before = process.memoryUsage().arrayBuffers;
  expect(await refusalOf("gzip", bomb, 2 ** 20)).toBe("too-large");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
  const [plain, exact] = [Buffer.alloc(1000, "x"), gzipSync(Buffer.alloc(1000, "x"))];
  expect((await decoded("gzip", exact, 1000)).equals(plain)).toBe(true);
  expect(await refusalOf("gzip", exact, 999)).toBe("too-large");
});
