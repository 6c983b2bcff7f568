// Streams as input and output: every kind gives and takes the same bytes, and fails with an error of ours.

import { PassThrough, Readable, Writable } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SealError } from "../../src/errors.js";
import { openTo } from "../../src/files/open.js";
import { sealTo } from "../../src/files/seal.js";
import { committing, type Sink } from "../../src/flow/io.js";
import { streamSource, webSink, writableSink } from "../../src/io/streams.js";
import { CHUNK, content, OPEN, SEAL, sealed } from "../files/samples.js";
import { failure, pieces } from "../support.js";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function all(source: ReturnType<typeof streamSource>, length = 1000): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const piece = await source.read(length);
    parts.push(piece.slice());
    if (piece.length < length) return Buffer.concat(parts);
  }
}

describe("an input", () => {
  const bytes = content(100_000);
  const KINDS: [kind: string, make: () => AsyncIterable<Uint8Array>][] = [
    ["an async generator", () => pieces(bytes, 1, 70_000, 3)],
    ["a Readable", () => Readable.from(pieces(bytes, 999))],
    ["a PassThrough", () => Readable.from(pieces(bytes, 70_000)).pipe(new PassThrough())],
    ["a ReadableStream", () => Readable.toWeb(Readable.from(pieces(bytes, 5000))) as ReadableStream<Uint8Array>],
    ["a Blob's stream", () => new Blob([bytes]).stream()],
    ["a response's body", () => new Response(bytes).body!],
  ];

  test.each(KINDS)("%s gives all its bytes", async (_kind, make) => {
    const source = streamSource(make(), "the input");
    expect(source).toMatchObject({ name: "the input", size: null, fd: null });
    expect((await all(source)).equals(bytes)).toBe(true);
    expect((await source.read(5)).length, "and none after the end").toBe(0);
    await source.close();
  });

  test("gives what is asked for, whatever the pieces in which it comes, empty ones too", async () => {
    const sizes = fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }).filter((sizes) => sizes.some((n) => n > 0));
    const reads = fc.array(fc.tuple(fc.boolean(), fc.nat(40)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, reads, fc.nat(100), async (sizes, reads, length) => {
        const source = streamSource(pieces(bytes.subarray(0, length), ...sizes), "the input");
        let at = 0;
        for (const [fills, wanted] of reads) {
          const into = new Uint8Array(wanted);
          const found = fills ? into.subarray(0, await source.fill(into)) : await source.read(wanted);
          expect(Buffer.from(found)).toEqual(Buffer.from(bytes.subarray(at, Math.min(length, at + wanted))));
          at = Math.min(length, at + wanted);
        }
      }),
    );
  });

  test("may use its memory again for the next piece", async () => {
    const memory = new Uint8Array(10);
    const source = streamSource(
      (async function* () {
        for (let i = 0; i < 4; i++) yield memory.fill(i);
      })(),
      "the input",
    );
    expect([...(await source.read(35))].filter((byte, i) => byte !== Math.floor(i / 10))).toEqual([]);
  });

  test("cannot be read by position", async () => {
    expect((await failure(streamSource(pieces(bytes, 10), "it").readAt(0, 1))).code).toBe("usage");
  });

  async function* failing(error: unknown): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 10);
    throw error;
  }

  describe("that fails is an io error, which names it:", () => {
    const web = (error: unknown) =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytes.slice(0, 10)),
        pull: (controller) => controller.error(error),
      });
    const destroyed = (error?: Error) => {
      const stream = new PassThrough();
      stream.write(bytes.subarray(0, 10));
      setImmediate(() => stream.destroy(error));
      return stream;
    };
    test.each<[string, () => AsyncIterable<Uint8Array>, RegExp]>([
      [
        "an error of the system's",
        () => failing(Object.assign(new Error("x"), { code: "EIO" })),
        /input\/output error/,
      ],
      ["another error", () => failing(new Error("the disk is on fire")), /on fire/],
      ["a DOMException", () => failing(new DOMException("it was aborted", "AbortError")), /aborted/],
      ["a text", () => failing("a text"), /a text/],
      ["nothing", () => failing(undefined), /./],
      ["null", () => failing(null), /./],
      ["a Readable with an error", () => destroyed(new Error("on fire")), /on fire/],
      ["a Readable that is closed before its end", () => destroyed(), /./],
      ["a ReadableStream with an error", () => web(new Error("on fire")), /on fire/],
      ["a ReadableStream without a reason", () => web(undefined), /./],
      ["pieces of text", () => Readable.from(["text"]), /bytes/],
      [
        "a Readable with an encoding",
        () => Readable.from(pieces(bytes, 10)).pipe(new PassThrough({ encoding: "utf8" })),
        /bytes/,
      ],
      ["pieces of numbers", () => Readable.from([1, 2]), /bytes/],
    ])("%s", async (_what, make, message) => {
      const error = await failure(all(streamSource(make(), "the name")));
      expect(error.code).toBe("io");
      expect(error.message).toMatch(/^cannot read the name: /);
      expect(error.message).toMatch(message);
      expect(error.message).not.toMatch(/undefined|: \d+$|\n/);
    });
  });

  test("that fails with an error of ours fails with that", async () => {
    const own = new SealError("tampered", "chunk 3");
    expect(await failure(all(streamSource(failing(own), "the name")))).toBe(own);
  });

  describe("that is not read to its end is let go", () => {
    test("a Readable is destroyed", async () => {
      const stream = Readable.from(pieces(bytes, 10));
      const source = streamSource(stream, "it");
      await source.read(5);
      await source.close();
      expect(stream.destroyed).toBe(true);
    });

    test("a generator is ended", async () => {
      let ended = false;
      const source = streamSource(
        (async function* () {
          try {
            for (;;) yield bytes.subarray(0, 10);
          } finally {
            ended = true;
          }
        })(),
        "it",
      );
      await source.read(5);
      await source.close();
      await turn();
      expect(ended).toBe(true);
    });

    test.each(["between reads", "while it stalls"])("a ReadableStream is cancelled, %s", async (when) => {
      let cancelled = false;
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytes.slice(0, 10)),
        cancel: () => {
          cancelled = true;
        },
      });
      const source = streamSource(stream, "it");
      await source.read(10);
      if (when === "while it stalls") source.read(10).catch(() => undefined);
      await turn();
      await source.close();
      await turn();
      expect(cancelled).toBe(true);
    });

    test("one that stalls does not hold up the end", async () => {
      for (const stream of [new PassThrough(), new ReadableStream<Uint8Array>(), stalled()]) {
        const source = streamSource(stream, "it");
        source.read(10).catch(() => undefined);
        await turn();
        await source.close();
      }
    });
    async function* stalled(): AsyncGenerator<Uint8Array> {
      await new Promise(() => undefined);
    }
  });
});

const put = (sink: Sink, bytes: Uint8Array, size = 1000) =>
  committing(sink, async () => {
    for (let at = 0; at < bytes.length; at += size) await sink.write(bytes.subarray(at, at + size), at);
  });

/** Reads slowly, and keeps the pieces themselves, as one who passes them on. */
async function drain(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) {
    parts.push(part);
    await turn();
  }
  return Buffer.concat(parts);
}

describe("an output", () => {
  const bytes = content(50_000);

  test("that is a PassThrough read slowly gets all, one write at a time", async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    let most = 0;
    const write = stream.write.bind(stream) as (bytes: Uint8Array, done: () => void) => boolean;
    let pending = 0;
    stream.write = ((piece: Uint8Array, done: () => void) => {
      pending += 1;
      most = Math.max(most, pending);
      return write(piece, () => {
        pending -= 1;
        done();
      });
    }) as typeof stream.write;
    const [found] = await Promise.all([drain(stream), put(writableSink(stream, "it"), bytes)]);
    expect(found.equals(bytes)).toBe(true);
    expect(most).toBe(1);
  });

  test("that is a WritableStream gets all, and is closed", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const [found] = await Promise.all([drain(readable), put(webSink(writable, "it"), bytes)]);
    expect(found.equals(bytes)).toBe(true);
  });

  test("may keep what it was given: the memory is not used again", async () => {
    const plaintext = content(12 * CHUNK + 5);
    const { file } = await sealed(plaintext);
    for (const kind of ["node", "web"]) {
      const through = () => {
        if (kind === "node") {
          const stream = new PassThrough({ highWaterMark: 1_000_000 });
          return { sink: writableSink(stream, "it"), out: stream };
        }
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(
          {},
          { highWaterMark: 100 },
          { highWaterMark: 100 },
        );
        return { sink: webSink(writable, "it"), out: readable };
      };
      const opening = through();
      await openTo(streamSource(pieces(file, 5000), "in"), opening.sink, OPEN);
      expect((await drain(opening.out as AsyncIterable<Uint8Array>)).equals(plaintext), kind).toBe(true);
      const sealing = through();
      await sealTo(streamSource(pieces(plaintext, 5000), "in"), sealing.sink, SEAL);
      const again = through();
      await openTo(streamSource(sealing.out as AsyncIterable<Uint8Array>, "in"), again.sink, OPEN);
      expect((await drain(again.out as AsyncIterable<Uint8Array>)).equals(plaintext), kind).toBe(true);
    }
  });

  test("is complete only when it has written all: a commit waits for it", async () => {
    let release: (() => void) | undefined;
    const stream = new Writable({
      write: (_bytes, _encoding, done) => done(),
      final: (done) => {
        release = done;
      },
    });
    let ended = false;
    const work = put(writableSink(stream, "it"), bytes).then(() => {
      ended = true;
    });
    for (let i = 0; i < 200 && !release; i++) await turn();
    expect(ended).toBe(false);
    release!();
    await work;
  });

  test("with keepOpen is left open", async () => {
    const stream = new PassThrough();
    stream.resume();
    await put(writableSink(stream, "it", { keepOpen: true }), bytes);
    expect(stream.writableEnded).toBe(false);
    stream.end();
  });

  test("of a failed operation is destroyed, and may complain about it", async () => {
    const stream = new Writable({
      write: (_bytes, _encoding, done) => done(),
      destroy: (_error, done) => done(new Error("complaint")),
    });
    const sink = writableSink(stream, "it");
    await sink.write(bytes, 0);
    await sink.abort();
    await turn();
    expect(stream.destroyed).toBe(true);

    let reason: unknown;
    const web = webSink(
      new WritableStream({
        abort: (why) => {
          reason = why;
        },
      }),
      "it",
    );
    await web.write(bytes, 0);
    await web.abort();
    expect(reason).toBeInstanceOf(SealError);
  });

  describe("that fails is an io error, which names it:", { timeout: 10_000 }, () => {
    const node = (options: ConstructorParameters<typeof Writable>[0]) =>
      writableSink(new Writable(options), "the name");
    const web = (options: ConstructorParameters<typeof WritableStream<Uint8Array>>[0]) =>
      webSink(new WritableStream(options), "the name");
    const gone = (error?: Error) => {
      // The first write stays in it, since nobody reads, until somebody destroys it.
      const stream = new PassThrough({ highWaterMark: 1 });
      setImmediate(() => stream.destroy(error));
      return writableSink(stream, "the name");
    };
    const cancelled = (reason?: unknown) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      setImmediate(() => void readable.cancel(reason));
      return webSink(writable, "the name");
    };
    const closed = (end: "end" | "destroy") => {
      const stream = new PassThrough();
      stream.resume();
      stream[end]();
      return writableSink(stream, "the name");
    };
    const noSpace = Object.assign(new Error("x"), { code: "ENOSPC" });
    test.each<[string, () => Sink, RegExp]>([
      ["in a write", () => node({ write: (_b, _e, done) => done(noSpace) }), /no space left/],
      ["at its end", () => node({ write: (_b, _e, done) => done(), final: (done) => done(noSpace) }), /no space left/],
      ["destroyed by its reader", () => gone(), /./],
      ["destroyed by its reader, with an error", () => gone(new Error("on fire")), /on fire/],
      ["destroyed before", () => closed("destroy"), /./],
      ["ended before", () => closed("end"), /./],
      ["a WritableStream in a write", () => web({ write: () => Promise.reject(noSpace) }), /no space left/],
      ["a WritableStream at its end", () => web({ close: () => Promise.reject(noSpace) }), /no space left/],
      ["a WritableStream with an error", () => web({ start: (it) => it.error(new Error("on fire")) }), /on fire/],
      ["a WritableStream without a reason", () => web({ start: (it) => it.error() }), /./],
      ["cancelled by its reader", () => cancelled(new Error("enough")), /enough/],
      ["cancelled by its reader, without a reason", () => cancelled(), /./],
    ])("%s", async (_what, make, message) => {
      const error = await failure(put(make(), bytes));
      expect(error.code).toBe("io");
      expect(error.message).toMatch(/^cannot write the name: /);
      expect(error.message).toMatch(message);
      expect(error.message).not.toMatch(/undefined|: \d+$|\n/);
    });

    test("between two writes", async () => {
      const stream = new PassThrough();
      stream.resume();
      const sink = writableSink(stream, "the name");
      await sink.write(bytes, 0);
      stream.destroy(new Error("on fire"));
      await turn();
      expect((await failure(sink.write(bytes, bytes.length))).message).toMatch(/on fire/);
      await sink.abort();
    });
  });
});
