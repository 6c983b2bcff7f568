// The program's operations on files, streams and byte arrays. Each checks, and copies, what it is given before anything
// else happens.

import "./node.js";
import { erase } from "../crypto/secret.js";
import { SealError } from "../errors.js";
import { armoredSink, unarmored } from "../files/armor.js";
import { inspectSource } from "../files/inspect.js";
import * as opening from "../files/open.js";
import { resume } from "../files/resume.js";
import * as rewrapping from "../files/rewrap.js";
import * as sealing from "../files/seal.js";
import * as verifying from "../files/verify.js";
import type { Sink, Source } from "../flow/io.js";
import { bytesSink, bytesSource } from "../io/bytes.js";
import { openOutput } from "../io/output.js";
import { openedOutput, resumableOutput } from "../io/partial.js";
import { ending } from "./ending.js";
import { bytes as bytesOf, withInput } from "./given-bytes.js";
import { type GivenInput, inputOf, nameOf, type OpenInput, type Reading, sourceFor } from "./inputs.js";
import type {
  InspectResult,
  OpenOptions,
  OpenResult,
  RewrapOptions,
  SealOptions,
  SealResult,
  VerifyOptions,
  VerifyResult,
} from "./options.js";
import { type GivenOutput, outputOf, sinkOf } from "./outputs.js";
import { platform } from "./platform.js";
import { erasing, shown, toldOf } from "./results.js";
import {
  inspectGiven,
  openGiven,
  openSettings,
  rewrapGiven,
  rewrapSettings,
  sealGiven,
  sealSettings,
  verifyGiven,
  verifySettings,
} from "./settings.js";
import type { Input, Output } from "./types.js";

/**
 * Seals `input` for recipients.
 * @throws `SealError`: `usage` for arguments that cannot be; `io`; the signal's reason; what a callback throws.
 */
export function seal(input: Input, output: Output, options: SealOptions): Promise<SealResult> {
  return ending([input, output], async () => {
    const [from, to, given] = [inputOf(input), outputOf(output), sealGiven(options)];
    return erasing(given, async () => {
      const settings = await sealSettings(given);
      return shown(
        await between(from, to, given, (source, sink) =>
          sealing.sealTo(source, given.armor ? armoredSink(sink) : sink, settings),
        ),
      );
    });
  });
}

/**
 * Opens a sealed input; nothing reaches the output before it is authenticated.
 * @throws `SealError`: `usage`, `io`, `malformed`, `unsupported`, `no-key`, `tampered`, `untrusted`; the signal's
 * reason; what a callback throws.
 */
export function open(input: Input, output: Output, options: OpenOptions): Promise<OpenResult> {
  return ending([input, output], async () => {
    const [from, to, given] = [inputOf(input), outputOf(output), openGiven(options)];
    return erasing(given, async () => {
      const settings = await openSettings(given);
      const work = async (source: Source, sink: Sink) =>
        opening.openTo(await unarmored(source, given.signal), sink, settings);
      const opened = given.resume
        ? await resumed(from, to, given, settings)
        : await between(from, to, given, work, { fileOf: openedOutput });
      return { ...shown(opened), trusted: opened.signer !== null && given.from !== "any" };
    });
  });
}

function resumed(from: GivenInput, to: GivenOutput, running: Reading, settings: opening.Opening) {
  if (running.range || to.is !== "file" || !(from.is === "file" || from.is === "url")) {
    throw new SealError("usage", "resume needs an input by path or address and an output by path; it excludes range");
  }
  const { path, force, sync } = to;
  return reading(from, running, async (source) =>
    resume(
      await unarmored(source, running.signal),
      await resumableOutput(path, { force, sync, input: source.id }),
      settings,
    ),
  );
}

/**
 * Gives a sealed file a new list of recipients; the payload stays as it is, byte for byte. This revokes nothing:
 * docs/FORMAT.md, "Rewrap". An output that is the input's own file replaces it in one step, when all of it has been
 * verified.
 * @throws `SealError`, as `open`.
 */
export function rewrap(input: Input, output: Output, options: RewrapOptions): Promise<SealResult> {
  return ending([input, output], async () => {
    const [from, to, given] = [inputOf(input), outputOf(output), rewrapGiven(options)];
    const settings = await rewrapSettings(given);
    const work = (source: Source, sink: Sink) => rewrapping.rewrapTo(source, sink, settings);
    return shown(await between(from, to, given, work, { inPlace: true }));
  });
}

/**
 * Verifies a sealed input as a whole, without any secret.
 * @throws `SealError`: `usage`, `io`, `malformed`, `unsupported`, `tampered`, `untrusted`; the signal's reason; what
 * a callback throws.
 */
export function verify(input: Input, options: VerifyOptions): Promise<VerifyResult> {
  return ending([input], async () => {
    const [from, given] = [inputOf(input), verifyGiven(options)];
    const settings = await verifySettings(given);
    return shown(
      await reading(from, given, async (source) =>
        verifying.verifySource(await unarmored(source, given.signal), settings),
      ),
    );
  });
}

/**
 * What a sealed input says of itself; nothing of it is verified.
 * @throws `SealError`: `usage`, `io`, `malformed`, `unsupported`, `tampered` where it ends early; the signal's
 * reason.
 */
export function inspect(input: Input, options: { readonly signal?: AbortSignal } = {}): Promise<InspectResult> {
  return ending([input], async () => {
    const [from, given] = [inputOf(input), inspectGiven(options)];
    const suite = await platform().suite();
    const { core, stanzaTypes, ...sizes } = await reading(from, given, async (source) =>
      inspectSource(await unarmored(source, given.signal), suite, given.signal),
    );
    return { ...sizes, ...toldOf(core, stanzaTypes) };
  });
}

/**
 * Seals bytes in memory, which are copied before this returns.
 * @throws `SealError`: `usage`; the signal's reason; what a callback throws.
 */
export async function sealBytes(bytes: Uint8Array, options: SealOptions): Promise<Uint8Array> {
  const from = bytesOf(bytes, "the input");
  const sink = bytesSink();
  try {
    const given = sealGiven(options);
    await erasing(given, async () =>
      sealing.sealTo(bytesSource(from), given.armor ? armoredSink(sink) : sink, await sealSettings(given)),
    );
    return sink.take();
  } finally {
    erase(from);
  }
}

/**
 * Opens sealed bytes in memory, which are copied before this returns.
 * @throws `SealError`, as `open`.
 */
export async function openBytes(bytes: Uint8Array, options: OpenOptions): Promise<Uint8Array> {
  const [from, given] = [bytesOf(bytes, "the input"), openGiven(options)];
  const sink = bytesSink();
  await erasing(given, async () => {
    if (given.resume) throw new SealError("usage", "resume needs files: bytes are always opened from the beginning");
    await opening.openTo(await unarmored(bytesSource(from)), sink, await openSettings(given));
  });
  return sink.take();
}

async function reading<T>(from: GivenInput, running: Reading, work: (source: OpenInput) => Promise<T>): Promise<T> {
  try {
    const source = await sourceFor(from, running);
    try {
      return await work(source);
    } finally {
      await source.close();
    }
  } catch (error) {
    throw withInput(nameOf(from), error);
  }
}

function between<T>(
  from: GivenInput,
  to: GivenOutput,
  running: Reading,
  work: (source: Source, sink: Sink) => Promise<T>,
  { inPlace = false, fileOf = openOutput } = {},
): Promise<T> {
  return reading(from, running, async (source) =>
    work(source, await sinkOf(to, running.signal, { input: source.id, inPlace }, fileOf)),
  );
}
