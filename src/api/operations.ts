// The program's operations on files, streams and byte arrays.

import { loadSuite } from "../crypto/index.js";
import { poolEngine } from "../engine/pool.js";
import { defaultThreads } from "../engine/threads.js";
import { SealError } from "../errors.js";
import { STANZA_X25519 } from "../format/stanza.js";
import { bytesSink, bytesSource } from "../io/bytes.js";
import { type FileId, openSource } from "../io/files.js";
import { type OutputOptions, openOutput } from "../io/output.js";
import { resumableOutput } from "../io/partial.js";
import { streamSource, webSink, writableSink } from "../io/streams.js";
import { encodeSigner, parseRecipient, parseSigner } from "../keys/text.js";
import { inspect as inspectSource } from "../ops/inspect.js";
import type { Sink, Source } from "../ops/io.js";
import * as opening from "../ops/open.js";
import { resume } from "../ops/resume.js";
import * as rewrapping from "../ops/rewrap.js";
import * as sealing from "../ops/seal.js";
import * as verifying from "../ops/verify.js";
import { exponentOf } from "./chunk-size.js";
import { Identity } from "./identity.js";
import type {
  Input,
  InspectResult,
  OpenOptions,
  OpenResult,
  Output,
  RewrapOptions,
  SealOptions,
  SealResult,
  VerifyOptions,
  VerifyResult,
} from "./types.js";

/** One for the process: its threads start when there is much to do, and keep nothing alive while they are idle. */
const engine = poolEngine(defaultThreads());

/** Seals `input` for recipients. Throws `SealError`. */
export async function seal(input: Input, output: Output, options: SealOptions): Promise<SealResult> {
  const settings = await sealSettings(options);
  return shown(await between(input, output, options, (source, sink) => sealing.seal(source, sink, settings)));
}

/** Opens a sealed input; nothing reaches the output before it is authenticated. Throws `SealError`. */
export async function open(input: Input, output: Output, options: OpenOptions): Promise<OpenResult> {
  const settings = await openSettings(options);
  if (options.resume) return openResult(await resumed(input, output, options, settings), options);
  return openResult(
    await between(input, output, options, (source, sink) => opening.open(source, sink, settings)),
    options,
  );
}

function resumed(input: Input, output: Output, options: OpenOptions, settings: opening.OpenOptions) {
  if (options.range || !("path" in output) || !("path" in input || "url" in input)) {
    throw new SealError("usage", "resume needs an input by path or address and an output by path, and excludes range");
  }
  const { path, force, sync } = output;
  return reading(input, options, async (source) =>
    resume(source, await resumableOutput(path, { force, sync, input: source.id }), settings),
  );
}

/**
 * Gives a sealed file a new list of recipients; the payload stays as it is, byte for byte. This revokes nothing: docs/FORMAT.md, "Rewrap".
 * An output that is the input's own file replaces it in one step, when all of it has been verified. Throws `SealError`.
 */
export async function rewrap(input: Input, output: Output, options: RewrapOptions): Promise<SealResult> {
  const { keys, sign, to, progress, signal } = options;
  const settings = {
    suite: await loadSuite(),
    engine,
    identities: keys.map(Identity.fileOf),
    signer: (await Identity.fileOf(sign).unlock()).signingKey,
    recipients: to.map(parseRecipient),
    progress,
    signal,
  };
  const work = (source: Source, sink: Sink) => rewrapping.rewrap(source, sink, settings);
  return shown(await between(input, output, options, work, { inPlace: true }));
}

/** Verifies a sealed input as a whole, without any secret. Throws `SealError`. */
export async function verify(input: Input, options: VerifyOptions): Promise<VerifyResult> {
  const { label, maxAge, progress, signal } = options;
  checkAge(maxAge);
  const signers = await Promise.all(options.from.map(parseSigner));
  const policy = { signers, allowUnsigned: false, label, maxAge };
  const settings = { suite: await loadSuite(), engine, policy, progress, signal };
  return shown(await reading(input, options, (source) => verifying.verify(source, settings)));
}

/** What a sealed input says of itself; nothing of it is verified. Throws `SealError`. */
export async function inspect(input: Input, options: { readonly signal?: AbortSignal } = {}): Promise<InspectResult> {
  const suite = await loadSuite();
  const { core, stanzaTypes, ...sizes } = await reading(input, options, (source) =>
    inspectSource(source, suite, options.signal),
  );
  const { signer, label, sealedAt } = core;
  const stanzas = stanzaTypes.map((type) => ({ type: type === STANZA_X25519 ? ("x25519" as const) : type }));
  return { ...sizes, ...shown({ signer, label, sealedAt }), stanzas };
}

/** Seals bytes in memory. Throws `SealError`. */
export async function sealBytes(bytes: Uint8Array, options: SealOptions): Promise<Uint8Array> {
  const sink = bytesSink();
  await sealing.seal(bytesSource(bytes), sink, await sealSettings(options));
  return sink.take();
}

/** Opens sealed bytes in memory. Throws `SealError`. */
export async function openBytes(bytes: Uint8Array, options: OpenOptions): Promise<Uint8Array> {
  const sink = bytesSink();
  await opening.open(bytesSource(bytes), sink, await openSettings(options));
  return sink.take();
}

async function sealSettings(options: SealOptions): Promise<sealing.SealOptions> {
  const signs = "sign" in options && options.sign !== undefined;
  if (signs === "unsigned" in options || ("unsigned" in options && options.unsigned !== true)) {
    throw new SealError("usage", "either sign or unsigned is due: whether a file is signed must be said");
  }
  const { label = "", chunkSize, progress, signal } = options;
  return {
    suite: await loadSuite(),
    engine,
    recipients: options.to.map(parseRecipient),
    signer: "sign" in options ? (await Identity.fileOf(options.sign).unlock()).signingKey : null,
    label,
    chunkExponent: chunkSize === undefined ? undefined : exponentOf(chunkSize),
    now: Date.now(),
    progress,
    signal,
  };
}

async function openSettings(options: OpenOptions): Promise<opening.OpenOptions> {
  const { from, label, maxAge, allowUnsigned = false, range, progress, signal } = options;
  if (allowUnsigned && (from !== undefined || label !== undefined || maxAge !== undefined)) {
    throw new SealError("usage", "allowUnsigned excludes from, label and maxAge");
  }
  checkAge(maxAge);
  return {
    suite: await loadSuite(),
    engine,
    identities: options.keys.map(Identity.fileOf),
    from: from === undefined || from === "any" ? (from ?? null) : await Promise.all(from.map(parseSigner)),
    policy: { allowUnsigned, label, maxAge },
    range,
    progress,
    signal,
  };
}

function openResult(opened: opening.Opened, { from }: OpenOptions): OpenResult {
  return { ...shown(opened), trusted: opened.signer !== null && from !== "any" };
}

function checkAge(maxAge: number | undefined): void {
  if (maxAge !== undefined && (typeof maxAge !== "number" || Number.isNaN(maxAge)))
    throw new SealError("usage", "the maximal age is not a number");
}

type Shown<T> = Omit<T, "signer" | "sealedAt"> & {
  signer: T extends { signer: Uint8Array } ? string : string | null;
  sealedAt: Date;
};

/** Keys as text, times as dates. */
function shown<T extends { signer: Uint8Array | null; sealedAt: number }>(result: T): Shown<T> {
  const signer = (result.signer && encodeSigner(result.signer)) as Shown<T>["signer"];
  return { ...result, signer, sealedAt: new Date(result.sealedAt * 1000) };
}

type Named = Source & { id?: FileId | null };

async function reading<T>(input: Input, running: Reading, work: (source: Named) => Promise<T>): Promise<T> {
  const source = await sourceOf(input, running);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

function between<T>(
  input: Input,
  output: Output,
  running: Reading,
  work: (source: Source, sink: Sink) => Promise<T>,
  { inPlace = false } = {},
): Promise<T> {
  return reading(input, running, async (source) => work(source, await sinkOf(output, { input: source.id, inPlace })));
}

interface Reading {
  readonly range?: unknown;
  readonly resume?: boolean;
  readonly signal?: AbortSignal | undefined;
}

async function sourceOf(input: Input, { range, resume, signal }: Reading): Promise<Named> {
  refuseLocked(input);
  if (input instanceof Uint8Array) return bytesSource(input);
  if (Symbol.asyncIterator in input) return streamSource(input, "the input stream");
  if ("path" in input) return openSource(input.path);
  const [{ openUrl }, { parseHeader }] = await Promise.all([import("../io/http.js"), import("../io/request.js")]);
  const headers = Object.entries(input.headers ?? {}).map(([name, value]) => parseHeader(`${name}: ${value}`));
  return openUrl(String(input.url), { headers, signal, parts: range ? "needed" : resume ? "wanted" : undefined });
}

async function sinkOf(output: Output, options: OutputOptions): Promise<Sink> {
  refuseLocked(output);
  if (output instanceof WritableStream) return webSink(output, "the output stream");
  return "write" in output
    ? writableSink(output, "the output stream")
    : openOutput(output.path, { ...options, force: output.force, sync: output.sync });
}

function refuseLocked(stream: object): void {
  if ("locked" in stream && stream.locked) throw new SealError("usage", "the stream is locked: somebody else uses it");
}
