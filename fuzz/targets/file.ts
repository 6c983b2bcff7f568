// A whole sealed file: opened, verified, in pieces, by range, on both suites; and who may have made what is accepted.

import { type Bytes, equal, utf8 } from "../../src/bytes.js";
import { copySecret } from "../../src/crypto/secret.js";
import type { Suite } from "../../src/crypto/suite.js";
import { inline } from "../../src/engine/inline.js";
import { type Opened, type Opening, openTo } from "../../src/files/open.js";
import { type Verified, verifySource } from "../../src/files/verify.js";
import type { Sink, Source } from "../../src/flow/io.js";
import type { Policy } from "../../src/header/policy.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { author, hermit, identityFiles, PASSPHRASE, reader, SUITES } from "../actors.js";
import { SIGNER } from "../layout.js";
import { mutateSealed } from "../mutate/sealed.js";
import { judgeHeader } from "../oracle/header.js";
import { judgeRecords } from "../oracle/records.js";
import { judgeUnlocking } from "../oracle/unlock.js";
import { hashOf, randomOf } from "../random.js";
import { anybody, type Honest, honestByCore, sealedSeeds } from "../seeds.js";
import { split } from "../splits.js";
import { attempt, Broken, holds, kindOfMessage, type Refusal, type Target } from "../target.js";

const CODES = ["malformed", "unsupported", "tampered", "untrusted", "no-key"];
const NOW = 1_800_000_000_000;
const POLICY = { allowUnsigned: true, now: NOW };

export const file: Target = { name: "file", maxBytes: 32 * 1024, seeds: sealedSeeds, mutate: mutateSealed, run };

/** How an opening ended, and what it had released by then. */
interface Ending {
  readonly result: Opened | null;
  readonly refusal: Refusal | null;
  readonly released: Bytes;
}

async function run(input: Bytes, thorough: boolean): Promise<string> {
  const dice = hashOf(input);
  const from = anybody(input);
  const whole = await opened(bytesSource(input), SUITES.native, { from });
  const verified = await verifying(bytesSource(input), SUITES.native, from);
  compareWithVerifier(whole, verified);
  await compareWithFormat(input, verified);
  compareUnlocking(input, whole, verified);
  const whose = await checkForgery(input, whole);
  if (thorough || dice % 4 === 0) {
    same(whole, await opened(streamSource(split(input), "the input"), SUITES.native, { from }), "in pieces");
  }
  if (thorough || dice % 256 === 1) await comparePortable(input, whole, verified);
  if (whole.result && (thorough || dice % 8 === 0)) await compareRange(input, whole);
  return [tell(whole), Math.min(9, whole.released.length >> 12), whole.result?.signer ? "signed" : "", whose].join(" ");
}

async function opened(
  source: Source,
  suite: Suite,
  { from, who = reader, ...more }: Partial<Opening> & { who?: typeof reader },
): Promise<Ending> {
  const parts: Uint8Array[] = [];
  const sink: Sink = {
    name: "the output",
    fd: null,
    keeps: false,
    write: async (bytes) => void parts.push(bytes.slice()),
    commit: async () => {},
    abort: async () => {},
  };
  const identities = identityFiles(who, suite);
  const passphrase = who === reader ? async () => copySecret(utf8(PASSPHRASE)) : undefined;
  const options = { suite, engine: inline, identities, passphrase, from: from ?? null, policy: POLICY, ...more };
  const ended = await attempt(CODES, () => openTo(source, sink, options));
  const released = Uint8Array.from(Buffer.concat(parts));
  return "value" in ended
    ? { result: ended.value, refusal: null, released }
    : { result: null, refusal: ended.refusal, released };
}

async function verifying(source: Source, suite: Suite, from: Policy["from"]): Promise<Verified | Refusal> {
  const policy = { ...POLICY, from };
  const ended = await attempt(CODES, () => verifySource(source, { suite, engine: inline, policy }));
  return "value" in ended ? ended.value : ended.refusal;
}

/** What opens verifies, to the same digest; what does not verify does not open. */
function compareWithVerifier({ result, refusal }: Ending, verified: Verified | Refusal): void {
  if (result?.signer === null) return;
  if (result) {
    holds("digest" in verified, "a file opens that does not verify");
    holds(result.digest === verified.digest, "opening and verifying give different digests");
    holds(result.bytes === verified.bytes && result.label === verified.label, "opening and verifying differ");
    return;
  }
  const isUnsigned = "code" in verified && verified.message.includes("unsigned");
  if (!("code" in verified) || isUnsigned) return;
  // The header's errors come before any secret is used, so they are the same; of two bad chunks, opening may find
  // another reason first.
  if (verified.chunk === null)
    holds(refusal!.message === verified.message, `opening says ${refusal!.message}, verifying ${verified.message}`);
  else if (refusal!.chunk !== null)
    holds(refusal!.chunk <= verified.chunk, "opening goes on behind the chunk at which verifying stops");
}

/** A verifier says what the format says. */
async function compareWithFormat(input: Bytes, verified: Verified | Refusal): Promise<void> {
  const header = judgeHeader(input);
  const isRefused = "code" in verified && verified.chunk === null;
  // Unsigned files and keys that are none are refused before what stands behind the core is read, and signatures are
  // the suite's to judge.
  if (isRefused) return;
  if (typeof header === "string")
    throw new Broken(`a file whose header is ${header} verifies, or its records are looked at`);
  const records = judgeRecords(input, header.length, SUITES.native);
  const told = (found: object) => JSON.stringify("digest" in found ? found.digest : (found as Refusal).chunk);
  holds(told(verified) === told(records), `verifying gives ${told(verified)}, the format ${told(records)}`);
}

/** Which stanza opens, and what it holds, is what the format says. */
function compareUnlocking(input: Bytes, { result, refusal }: Ending, verified: Verified | Refusal): void {
  if ("code" in verified && verified.chunk === null) return;
  const due = judgeUnlocking(input);
  const isOpen = result !== null || refusal!.chunk !== null;
  holds(
    (isOpen ? "opens" : refusal!.code) === due,
    `the file key: ${refusal?.message ?? "it opens"}, where due is ${due}`,
  );
}

/**
 * In the author's name, only what the author has sealed; without a signature, only what was sealed for the hermit.
 * Returns which honest file it is, so that each of them is kept to be varied.
 */
async function checkForgery(input: Bytes, byAny: Ending): Promise<string> {
  const truth = await honestByCore(input);
  if (truth && !truth.signed) return checkHermit(input, truth);
  const signedByAuthor = equal(input.subarray(...SIGNER), author.identity.signingKey.publicKey);
  if (!signedByAuthor) return "";
  const trusted = await opened(bytesSource(input), SUITES.native, { from: [author.identity.signingKey.publicKey] });
  same(byAny, trusted, "where the signer is named");
  if (!truth) {
    holds(
      !trusted.result && trusted.released.length === 0,
      "a file is opened in the author's name that is not the author's",
    );
    return "";
  }
  return checkTruth(input, trusted, truth);
}

async function checkHermit(input: Bytes, truth: Honest): Promise<string> {
  return checkTruth(input, await opened(bytesSource(input), SUITES.native, { who: hermit }), truth);
}

function checkTruth(input: Bytes, { result, released }: Ending, truth: Honest): string {
  const { file: sealed, plaintext, signed } = truth;
  holds(equal(released, plaintext.subarray(0, released.length)), "what is released is not what was sealed");
  holds(result !== null || !equal(sealed, input), "what was sealed does not open");
  if (!result) return "";
  holds(equal(sealed, input), "an altered file is opened as if it were whole");
  return `${signed ? "the author's" : "the hermit's"} ${plaintext.length}`;
}

async function comparePortable(input: Bytes, whole: Ending, verified: Verified | Refusal): Promise<void> {
  const other = await opened(bytesSource(input), SUITES.portable, { from: "any" });
  same(whole, other, "on the portable suite");
  const again = await verifying(bytesSource(input), SUITES.portable, "any");
  const told = (found: Verified | Refusal) => ("code" in found ? `${found.code} ${found.chunk}` : found.digest);
  holds(told(verified) === told(again), `verifying on the portable suite gives ${told(again)}, not ${told(verified)}`);
}

/** Any range of an authentic file is that part of its plaintext. */
async function compareRange(input: Bytes, { released }: Ending): Promise<void> {
  if (released.length === 0) return;
  const random = randomOf(hashOf(input));
  const first = random.below(released.length);
  const last = first + random.below(released.length - first);
  const part = await opened(bytesSource(input), SUITES.native, { from: "any", range: { first, last } });
  holds(part.result !== null, `a range of a file that opens is refused: ${part.refusal?.message}`);
  holds(equal(part.released, released.subarray(first, last + 1)), "a range is not that part of the plaintext");
}

function same(one: Ending, other: Ending, where: string): void {
  const told = ({ refusal, result }: Ending) =>
    refusal
      ? `${refusal.code} ${refusal.chunk} ${refusal.offset}`
      : `${result!.bytes} ${result!.chunks} ${result!.digest}`;
  holds(told(one) === told(other), `${where}: ${told(other)} instead of ${told(one)}`);
  holds(equal(one.released, other.released), `${where}: other bytes are released`);
}

function tell({ refusal }: Ending): string {
  if (!refusal) return "opens";
  return `${refusal.code} ${Math.min(9, refusal.chunk ?? 0)} ${kindOfMessage(refusal.message)}`;
}
