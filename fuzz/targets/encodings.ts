// Bodies that come compressed to the inbox, against zlib, and libzstd where Node has it (from 22.15 on).

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as zlib from "node:zlib";
import { decoded, type Encoding } from "../../inbox/src/encodings/decode.js";
import { Inflate } from "../../inbox/src/encodings/inflate.js";
import { Output } from "../../inbox/src/encodings/output.js";
import { Problem } from "../../inbox/src/problem.js";
import { type Bytes, concat, equal, utf8 } from "../../src/bytes.js";
import { mutateBytes } from "../mutate/bytes.js";
import { holds, type Target } from "../target.js";

const MAX_BYTES = 8 * 1024;
const LIMIT = 256 * 1024;

/** What stands behind the first byte: of data of DEFLATE, no checksum hides what they become. */
const KINDS = ["gzip", "deflate", "zstd"] as const;
type Kind = (typeof KINDS)[number];

export const encodings: Target = {
  name: "encodings",
  maxBytes: MAX_BYTES,
  seeds: async () => [...deflated(), ...zstandard()].filter(({ length }) => length <= MAX_BYTES),
  mutate: (input, other, random) => {
    const made = mutateBytes(input, other, random);
    if (made.length > 0 && !random.oneIn(50)) made[0] = input[0]!;
    return made;
  },
  run: async (input) => {
    const kind = KINDS[(input[0] ?? 0) % KINDS.length]!;
    const data = input.subarray(1);
    return `${kind} ${data.length === 0 ? "empty" : await judged(kind, data)}`;
  },
};

function* deflated(): Generator<Bytes> {
  const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = zlib.constants;
  const lines = Array.from({ length: 40 }, (_, i) => `{"order":${(i * 7919) % 1000},"who":"user ${i % 7}"}\n`).join("");
  for (const text of ["", "x", "a".repeat(1000), lines, lines.repeat(20)]) {
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE])
      yield marked("deflate", zlib.deflateRawSync(text, { strategy }));
    yield marked("deflate", zlib.deflateRawSync(text, { level: 0 }));
    yield marked("gzip", zlib.gzipSync(text));
  }
  const member = zlib.gzipSync("member");
  yield marked("gzip", concat(member, member));
  // With an extra field, a name, a comment and a check of all that, which is wrong.
  const head = concat(Uint8Array.of(0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 0, 2, 0, 1, 2), utf8("name\0comment\0\0\0"));
  yield marked("gzip", concat(head, member.subarray(10)));
}

/** What libzstd has made, of many kinds. */
function zstandard(): Bytes[] {
  const all: { body: string }[] = JSON.parse(readFileSync(resolve("inbox/test/encodings/zstd.json"), "utf8"));
  return all.map(({ body }) => marked("zstd", Buffer.from(body, "base64")));
}

const marked = (kind: Kind, data: Uint8Array) => concat(Uint8Array.of(KINDS.indexOf(kind)), data);

/** What becomes of data: bytes, and how many of the data were needed for that; or what is said against them. */
type Made = { readonly bytes: Uint8Array; readonly end: number } | string;

async function judged(kind: Kind, data: Uint8Array): Promise<string> {
  const [found, due] = [kind === "deflate" ? inflated(data) : await decodedAs(kind, data), byOthers(kind, data)];
  if (due === null) return typeof found === "string" ? found : "taken";
  const isRefused = typeof found === "string";
  if (isRefused) {
    // Of what stands behind a member, zlib says nothing; libzstd takes larger windows, too.
    const isLax = typeof due === "string" || kind === "zstd" || due.end < data.length;
    holds(isLax, `${kind} is refused, which another implementation takes: ${found}`);
    return found;
  }
  holds(typeof due !== "string", `${kind} is taken, which another implementation refuses`);
  const isLonger = due.end < found.end;
  holds(isLonger || due.end === found.end, `${kind} ends earlier than by another implementation`);
  const looked = isLonger ? found.bytes.subarray(0, due.bytes.length) : found.bytes;
  holds(equal(looked, due.bytes), `${kind} becomes something else than by another implementation`);
  return isLonger ? "taken, with more behind it than others look at" : "taken";
}

async function decodedAs(encoding: Encoding, data: Uint8Array): Promise<Made> {
  const body = Buffer.from(data);
  let room = 0;
  const more = (bytes: number) => {
    room += bytes;
  };
  try {
    const bytes = await decoded(encoding, body, LIMIT, more);
    holds(bytes.length <= LIMIT && room >= bytes.length, "a body takes more memory than was asked for");
    return { bytes, end: data.length };
  } catch (error) {
    return refusal(error);
  } finally {
    holds(
      body.every((byte) => byte === 0),
      "a body is not overwritten",
    );
  }
}

function inflated(data: Uint8Array): Made {
  const output = new Output(LIMIT, () => undefined);
  const inflate = new Inflate(data, output);
  try {
    for (const _ of inflate.run(0));
    return { bytes: output.bytes.subarray(0, output.length), end: inflate.end };
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): string {
  const isOurs = error instanceof Problem && ["bad-encoding", "too-large"].includes(error.problem);
  holds(isOurs, `an error that is none of ours: ${(error as Error).stack}`);
  return (error as Problem).message.replace(/\d+/g, "#");
}

type Code = (body: Uint8Array, options: object) => { buffer: Buffer; engine: { bytesWritten: number } };

const { gunzipSync, inflateRawSync, zstdDecompressSync } = zlib as unknown as Record<string, Code | undefined>;
const OTHERS: Readonly<Record<Kind, Code | undefined>> = {
  gzip: gunzipSync,
  deflate: inflateRawSync,
  zstd: zstdDecompressSync,
};

/** null where there is no other implementation. */
function byOthers(kind: Kind, data: Uint8Array): Made | null {
  const code = OTHERS[kind];
  if (!code) return null;
  try {
    const { buffer, engine } = code(data, { info: true, maxOutputLength: LIMIT });
    return { bytes: buffer, end: engine.bytesWritten };
  } catch {
    return "refused";
  }
}
