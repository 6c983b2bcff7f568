// The library as its users see it: every operation on every kind of input and output.

import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import * as library from "../../src/index.js";
import { type Input, inspect, open, openBytes, rewrap, seal, verify } from "../../src/index.js";
import { folder } from "../io/folder.js";
import { failure, pieces } from "../support.js";
import { collect, file, opening, plaintext, recipient, SMALL, sealing, sender, stranger } from "./people.js";

test("the library exports its operations, identities, journals, locks, signers in agents and errors, and nothing else", () => {
  expect(Object.keys(library).sort()).toEqual(
    [
      "Identity",
      "JournalReader",
      "JournalWriter",
      "SealError",
      "breakLock",
      "holdLock",
      "inspect",
      "open",
      "openBytes",
      "rewrap",
      "seal",
      "sealBytes",
      "sshAgentSigner",
      "verify",
    ].sort(),
  );
});

describe("inputs and outputs", () => {
  const INPUTS: [kind: string, make: (bytes: Uint8Array, box: ReturnType<typeof folder>) => Input][] = [
    ["bytes", (bytes) => bytes],
    ["a Buffer", (bytes) => Buffer.from(bytes)],
    ["a file", (bytes, box) => ({ path: write(box.at("in"), bytes) })],
    ["a Readable", (bytes) => Readable.from(pieces(bytes, 3000))],
    ["a file's ReadStream, which has a path too", (bytes, box) => createReadStream(write(box.at("in"), bytes))],
    ["a ReadableStream", (bytes) => new Blob([Uint8Array.from(bytes)]).stream()],
    ["a generator", (bytes) => pieces(bytes, 1, 5000)],
  ];
  const OUTPUTS: [kind: string, run: Run][] = [
    ["a file", (work, box) => toFile(work, box)],
    ["a PassThrough", (work) => toStream(work)],
    [
      "a file's WriteStream",
      async (work, box) => {
        const result = await work(createWriteStream(box.at("out")));
        return { result, out: readFileSync(box.at("out")) };
      },
    ],
    [
      "a WritableStream",
      async (work) => {
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        const [result, out] = await Promise.all([work(writable), collect(readable as AsyncIterable<Uint8Array>)]);
        return { result, out };
      },
    ],
  ];
  type Work = (output: library.Output) => Promise<library.SealResult | library.OpenResult>;
  type Run = (
    work: Work,
    box: ReturnType<typeof folder>,
  ) => Promise<{ result: Awaited<ReturnType<Work>>; out: Buffer }>;

  function write(path: string, bytes: Uint8Array): string {
    writeFileSync(path, bytes);
    return path;
  }
  async function toFile(work: Work, box: ReturnType<typeof folder>) {
    const result = await work({ path: box.at("out") });
    return { result, out: readFileSync(box.at("out")) };
  }
  async function toStream(work: Work) {
    const stream = new PassThrough();
    const [result, out] = await Promise.all([work(stream), collect(stream)]);
    return { result, out };
  }

  describe.each(INPUTS)("from %s", (_from, input) => {
    test.each(OUTPUTS)("to %s: sealed and opened", async (_to, run) => {
      const [one, two] = [folder(), folder()];
      const before = Math.floor(Date.now() / 1000);
      const sealed = await run((output) => seal(input(plaintext, one), output, { ...sealing, label: "grüße" }), one);
      const common = { bytes: 10_000, chunks: 3, signer: sender.signer, label: "grüße" };
      expect(sealed.result).toEqual({
        ...common,
        sealedBytes: sealed.out.length,
        recipients: 1,
        sealedAt: expect.any(Date),
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      const at = sealed.result.sealedAt.getTime() / 1000;
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(Date.now() / 1000);

      const opened = await run((output) => open(input(sealed.out, two), output, opening), two);
      expect(opened.out.equals(plaintext)).toBe(true);
      const { digest, sealedAt } = sealed.result;
      expect(opened.result).toEqual({ ...common, digest, sealedAt, trusted: true });
    });

    test("verified and inspected", async () => {
      const verified = await verify(input(file, folder()), { from: [sender.signer] });
      const common = { bytes: 10_000, chunks: 3, signer: sender.signer, label: "release 7" };
      const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
      expect(verified).toEqual({ ...common, sealedAt: expect.any(Date), digest });
      expect(await inspect(input(file, folder()))).toEqual({
        ...common,
        sealedAt: verified.sealedAt,
        chunkSize: SMALL,
        headerBytes: 118 + 9 + 2 + 84 + 64,
        sealedBytes: file.length,
        stanzas: [{ type: "x25519" }],
      });
    });
  });

  test("an output file is not replaced, unless by force", async () => {
    const box = folder();
    writeFileSync(box.at("out"), "older");
    expect((await failure(seal(plaintext, { path: box.at("out") }, sealing))).code).toBe("usage");
    expect(readFileSync(box.at("out"), "utf8")).toBe("older");
    await seal(plaintext, { path: box.at("out"), force: true }, sealing);
    expect(box.names()).toEqual(["out"]);
    expect((await inspect({ path: box.at("out") })).bytes).toBe(10_000);
  });

  test("no descriptor stays open, whatever the end", { skip: process.platform !== "linux" }, async () => {
    const box = folder();
    writeFileSync(box.at("in"), file);
    const descriptors = () => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    for (let i = 0; i < 5; i++) {
      const at = { path: box.at("in") };
      await open(at, { path: box.at("out"), force: true }, opening);
      await open(at, new PassThrough().resume(), opening);
      await verify(at, { from: [sender.signer] });
      await inspect(at);
      await failure(open(at, { path: box.at("out") }, opening));
      await failure(open(at, { path: box.at("nowhere/out") }, opening));
      await failure(verify(at, { from: [] }));
      await failure(seal(at, { path: box.at("other") }, { ...sealing, to: [] }));
    }
    expect(descriptors()).toBe(before);
  });

  test("a file is not its own output, by force neither", async () => {
    const box = folder();
    writeFileSync(box.at("in"), plaintext);
    const at = { path: box.at("in") };
    expect((await failure(seal(at, { ...at, force: true }, sealing))).code).toBe("usage");
    expect(readFileSync(box.at("in")).equals(plaintext)).toBe(true);
    expect(box.names()).toEqual(["in"]);
  });

  test("rewrapping gives a file, in its place, or a stream other recipients", async () => {
    const box = folder();
    writeFileSync(box.at("in"), file);
    const at = { path: box.at("in") };
    const rewrapping = { keys: [recipient], sign: sender, to: [stranger.recipient] };
    const stream = new PassThrough();
    const [, streamed] = await Promise.all([rewrap(at, stream, rewrapping), collect(stream)]);
    const before = await verify(at, { from: [sender.signer] });
    const { digest, recipients, label } = await rewrap(at, at, rewrapping);
    expect({ digest, recipients, label }).toEqual({ digest: before.digest, recipients: 1, label: "release 7" });
    expect(box.names()).toEqual(["in"]);
    for (const sealed of [readFileSync(box.at("in")), streamed]) {
      const plain = await openBytes(sealed, { keys: [stranger], from: [sender.signer] });
      expect(Buffer.from(plain).equals(plaintext)).toBe(true);
      expect((await failure(openBytes(sealed, opening))).code).toBe("no-key");
    }
    expect((await failure(rewrap(at, { path: box.at("in") }, rewrapping))).code).toBe("no-key");
    expect((await failure(rewrap(file, { path: box.at("out") }, { ...rewrapping, sign: recipient }))).code).toBe(
      "untrusted",
    );
    expect(box.names()).toEqual(["in"]);
  });

  test("streams of a failed operation are destroyed, files are not there", async () => {
    const bad = file.slice();
    bad[bad.length - 1]! ^= 1;
    const box = folder();
    expect((await failure(open(bad, { path: box.at("out") }, opening))).code).toBe("tampered");
    expect(box.names()).toEqual([]);
    const source = Readable.from(pieces(bad, 1000));
    const sink = new PassThrough();
    sink.resume();
    expect((await failure(open(source, sink, opening))).code).toBe("tampered");
    expect([source.destroyed, sink.destroyed]).toEqual([true, true]);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const reading = collect(readable as AsyncIterable<Uint8Array>).catch((error) => error);
    expect((await failure(open(bad, writable, opening))).code).toBe("tampered");
    expect(await reading).toMatchObject({ code: "io" });
  });

  test.each([
    ["a locked ReadableStream", () => locked(), () => new PassThrough().resume()],
    ["a locked WritableStream", () => plaintext, () => lockedOutput()],
  ])("%s is a usage error", async (_what, input, output) => {
    expect((await failure(seal(input(), output(), sealing))).code).toBe("usage");
  });
  function locked(): ReadableStream<Uint8Array> {
    const stream = new Blob([plaintext]).stream();
    stream.getReader();
    return stream;
  }
  function lockedOutput(): WritableStream<Uint8Array> {
    const stream = new WritableStream<Uint8Array>();
    stream.getWriter();
    return stream;
  }

  const DIST = new URL("../../dist/index.js", import.meta.url);
  test("a process that has sealed ends by itself", { skip: !existsSync(DIST) }, () => {
    const script = `import { Identity, sealBytes } from ${JSON.stringify(DIST)};
      const { identity } = await Identity.generate();
      console.log((await sealBytes(new Uint8Array(9), { to: [identity.recipient], sign: identity })).length);`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
    expect(out.toString().trim()).toBe(String(118 + 2 + 1172 + 64 + 9 + 112));
  });
});
