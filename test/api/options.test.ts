// The library's options: whom and what they accept, and which of them cannot be; and the errors that all of it ends in.

import { writeFileSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import {
  type ErrorCode,
  inspect,
  type OpenOptions,
  open,
  openBytes,
  type SealOptions,
  seal,
  sealBytes,
  verify,
} from "../../src/index.js";
import { folder } from "../io/folder.js";
import { failure, pieces } from "../support.js";
import { collect, file, opening, plaintext, recipient, SMALL, sealing, sender, stranger, unsigned } from "./people.js";

describe("opening", () => {
  const opens = async (bytes: Uint8Array, options: OpenOptions) => {
    const sink = new PassThrough();
    const [result, out] = await Promise.all([open(bytes, sink, options), collect(sink).catch(() => Buffer.alloc(0))]);
    expect(out.equals(plaintext)).toBe(true);
    return result;
  };
  const refusal = async (bytes: Uint8Array, options: OpenOptions) => (await failure(openBytes(bytes, options))).code;

  test("trusts whom the identity accepts, or whom the caller names instead", async () => {
    expect(await opens(file, { keys: [recipient] })).toMatchObject({ trusted: true, signer: sender.signer });
    expect(await opens(file, { keys: [recipient], from: [stranger.signer, sender.signer] })).toMatchObject({
      trusted: true,
    });
    expect(await refusal(file, { keys: [recipient], from: [stranger.signer] })).toBe("untrusted");
    expect(await refusal(file, { keys: [recipient], from: [] })).toBe("untrusted");
  });

  test("by any signer's leave opens, and is not trusted", async () => {
    expect(await opens(file, { keys: [recipient], from: "any" })).toMatchObject({
      trusted: false,
      signer: sender.signer,
    });
    const own = await sealBytes(plaintext, { ...sealing, sign: stranger });
    expect(await refusal(own, { keys: [recipient] })).toBe("untrusted");
    expect(await opens(own, { keys: [recipient], from: "any" })).toMatchObject({
      trusted: false,
      signer: stranger.signer,
    });
  });

  test("names the signer who is not accepted", async () => {
    const error = await failure(openBytes(file, { keys: [recipient], from: [stranger.signer] }));
    expect(error.signer).toBe(sender.signer);
  });

  test("refuses unsigned files, unless they are allowed", async () => {
    expect(await refusal(unsigned, { keys: [recipient] })).toBe("untrusted");
    expect(await refusal(unsigned, { keys: [recipient], from: "any" })).toBe("untrusted");
    const result = await opens(unsigned, { keys: [recipient], allowUnsigned: true });
    expect(result).toMatchObject({ trusted: false, signer: null, digest: null });
    expect(await opens(file, { keys: [recipient], allowUnsigned: true })).toMatchObject({ trusted: true });
  });

  test("with any of several keys; with none of them it is no-key", async () => {
    await opens(file, { keys: [stranger, recipient], from: [sender.signer] });
    expect(await refusal(file, { keys: [stranger], from: [sender.signer] })).toBe("no-key");
    expect(await refusal(file, { keys: [], from: [sender.signer] })).toBe("no-key");
  });

  test("demands label and age", async () => {
    await opens(file, { keys: [recipient], label: "release 7", maxAge: 3600 });
    expect(await refusal(file, { keys: [recipient], label: "release 8" })).toBe("untrusted");
    expect(await refusal(file, { keys: [recipient], label: "" })).toBe("untrusted");
    const from = [sender.signer];
    expect((await failure(verify(file, { from, label: "release 8" }))).code).toBe("untrusted");
    await verify(file, { from, label: "release 7", maxAge: 3600 });
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_700_000);
    try {
      expect(await refusal(file, { keys: [recipient], maxAge: 3600 })).toBe("untrusted");
      expect((await failure(verify(file, { from, maxAge: 3600 }))).code).toBe("untrusted");
    } finally {
      clock.mockRestore();
    }
  });

  test("a maximal age that is no number bounds nothing, so it is refused", async () => {
    const maxAge = Number.NaN;
    expect(await refusal(file, { keys: [recipient], maxAge })).toBe("usage");
    expect((await failure(verify(file, { from: [sender.signer], maxAge }))).code).toBe("usage");
  });

  test("a range of it", async () => {
    const box = folder();
    writeFileSync(box.at("in"), file);
    const ranges = [file, { path: box.at("in") }].map(async (input) => {
      const sink = new PassThrough();
      const options = { ...opening, range: { first: 4000, last: 8999 } };
      const [result, out] = await Promise.all([open(input, sink, options), collect(sink)]);
      expect(out.equals(plaintext.subarray(4000, 9000))).toBe(true);
      expect(result).toMatchObject({ bytes: 5000, chunks: 3, trusted: true });
    });
    await Promise.all(ranges);
    expect(Buffer.from(await openBytes(file, { ...opening, range: { first: 9999, last: 9999 } }))).toEqual(
      Buffer.from(plaintext.subarray(9999)),
    );
    const stream = Readable.from(pieces(file, 1000));
    const sink = new PassThrough().resume();
    expect((await failure(open(stream, sink, { ...opening, range: { first: 0, last: 3 } }))).code).toBe("usage");
  });
});

describe("options that cannot be", () => {
  test.each<[string, () => Partial<SealOptions>]>([
    ["no recipient", () => ({ to: [] })],
    ["a mistyped recipient", () => ({ to: [`${recipient.recipient.slice(0, -1)}b`] })],
    ["a signer as recipient", () => ({ to: [sender.signer] })],
    ["a label with a line end", () => ({ label: "a\nb" })],
    ["a label that is too long", () => ({ label: "é".repeat(128) })],
    ["chunks of 2048 bytes", () => ({ chunkSize: 2048 })],
    ["chunks of 5000 bytes", () => ({ chunkSize: 5000 })],
    ["chunks of 32 MiB", () => ({ chunkSize: 2 ** 25 })],
    ["chunks of no size", () => ({ chunkSize: Number.NaN })],
    ["chunks of 0 bytes", () => ({ chunkSize: 0 })],
  ])("for sealing, %s: usage, and no file is left", async (_what, options) => {
    const box = folder();
    const settings = { ...sealing, ...options() } as SealOptions;
    expect((await failure(seal(plaintext, { path: box.at("out") }, settings))).code).toBe("usage");
    expect((await failure(sealBytes(plaintext, settings))).code).toBe("usage");
    expect(box.names()).toEqual([]);
  });

  test("for sealing, neither a signer nor the word that there is none", async () => {
    const { to } = sealing;
    // @ts-expect-error unsigned sealing must be asked for
    expect((await failure(sealBytes(plaintext, { to }))).code).toBe("usage");
    // @ts-expect-error so must it be here
    expect((await failure(sealBytes(plaintext, { to, sign: undefined }))).code).toBe("usage");
    // @ts-expect-error and it must be true
    expect((await failure(sealBytes(plaintext, { to, unsigned: false }))).code).toBe("usage");
  });

  test.each<[string, () => Partial<OpenOptions>]>([
    ["a mistyped sender", () => ({ from: [`${sender.signer.slice(0, -1)}b`] })],
    ["a recipient as sender", () => ({ from: [recipient.recipient] })],
    ["unsigned files from a sender", () => ({ allowUnsigned: true, from: [sender.signer] })],
    ["unsigned files from anybody", () => ({ allowUnsigned: true, from: "any" })],
    ["unsigned files with a label", () => ({ allowUnsigned: true, label: "" })],
    ["unsigned files of some age", () => ({ allowUnsigned: true, maxAge: 0 })],
    ["a range that ends before it begins", () => ({ range: { first: 5, last: 3 } })],
    ["a range before the beginning", () => ({ range: { first: -1, last: 3 } })],
    ["a range past the end", () => ({ range: { first: 0, last: 10_000 } })],
  ])("for opening, %s: usage, and no file is left", async (_what, options) => {
    const box = folder();
    const settings = { ...opening, ...options() };
    expect((await failure(open(file, { path: box.at("out") }, settings))).code).toBe("usage");
    expect((await failure(openBytes(file, settings))).code).toBe("usage");
    expect(box.names()).toEqual([]);
  });

  test("for verifying", async () => {
    expect((await failure(verify(file, { from: [recipient.recipient] }))).code).toBe("usage");
    expect((await failure(verify(file, { from: [] }))).code).toBe("untrusted");
    expect((await failure(verify(unsigned, { from: [sender.signer] }))).code).toBe("untrusted");
  });
});

describe("errors", () => {
  test.each<[string, () => Promise<unknown>, ErrorCode]>([
    ["a missing input", () => seal({ path: "/nowhere/in" }, new PassThrough(), sealing), "io"],
    ["a directory as input", () => seal({ path: "/" }, new PassThrough(), sealing), "usage"],
    ["no directory for the output", () => seal(plaintext, { path: "/nowhere/out" }, sealing), "io"],
    ["a missing input to verify", () => verify({ path: "/nowhere/in" }, { from: [] }), "io"],
    ["an input that is not sealed", () => openBytes(plaintext, opening), "malformed"],
    ["an empty one", () => inspect(new Uint8Array()), "malformed"],
    ["one that is cut", () => openBytes(file.subarray(0, 5000), opening), "tampered"],
    ["one that is cut, verified", () => verify(file.subarray(0, 5000), { from: [sender.signer] }), "tampered"],
    ["one that is cut in its header", () => inspect(file.subarray(0, 50)), "tampered"],
  ])("%s", async (_what, work, code) => {
    const error = await failure(work());
    expect(error).toMatchObject({ name: "SealError", code });
    expect(error).toBeInstanceOf(Error);
    expect(error.message).not.toMatch(/\n/);
  });

  test("say which chunk, and where", async () => {
    const bad = file.slice();
    bad[file.length - 1]! ^= 1;
    const offset = 118 + 9 + 2 + 84 + 64 + 2 * (SMALL + 112);
    expect(await failure(openBytes(bad, opening))).toMatchObject({ code: "tampered", chunk: 2, offset });
  });
});
