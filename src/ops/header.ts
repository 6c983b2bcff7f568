// Reading a header and deciding whether to go on, before any secret is touched (docs/FORMAT.md, "Opening", 1 to 5).

import { type Bytes, equal } from "../bytes.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { type Core, KIND_FILE, type Kind, parseCore } from "../format/core.js";
import { authenticatorLength, type Header, headerLength, headerMessage } from "../format/header.js";
import { exactly, type Parser, parseFrom } from "../format/parser.js";
import type { Geometry } from "../format/sizes.js";
import { parseStanzas } from "../format/stanza.js";
import { type Contacts, tellRevocation } from "../keys/contacts.js";
import { encodeSigner } from "../keys/text.js";
import type { Source } from "./io.js";
import { abortable } from "./order.js";

/** Whose files are accepted, and which. */
export interface Policy {
  /** Valid Ed25519 public keys, or any signer. */
  readonly signers: readonly Uint8Array[] | "any";
  /** Signers that are accepted too, whose keys are yet to be checked to be valid. */
  readonly senders?: readonly Uint8Array[] | undefined;
  /** Tells of revoked keys, which are refused whoever accepts them, and whose a key is. */
  readonly contacts?: Pick<Contacts, "revocation" | "owner"> | undefined;
  readonly allowUnsigned: boolean;
  /** The label that is demanded. */
  readonly label?: string | undefined;
  /** Seconds since sealing, at most. */
  readonly maxAge?: number | undefined;
  /** Unix milliseconds; by default the time at which the header has been verified. */
  readonly now?: number | undefined;
}

/** How far in the future the time of sealing may lie, in seconds, where the age is bounded. */
const CLOCK_SKEW = 300;

export interface AcceptedHeader {
  readonly header: Header;
  readonly geometry: Geometry;
  /** null in an unsigned file. */
  readonly signer: VerifyingKey | null;
}

/** Reads and checks a header. Throws `malformed`, `tampered` or `untrusted`. */
export async function readHeader(
  source: Source,
  suite: Suite,
  policy: Policy,
  signal: AbortSignal | undefined,
): Promise<AcceptedHeader> {
  const read = (length: number) => abortable(source.read(length), signal);
  const { core, bytes: coreBytes } = await parseFrom(parseCore(), read);
  const signer = await acceptSigner(suite, core, policy);
  const header = await parseFrom(parseRest(suite, core, coreBytes), read);
  if (signer) {
    checkHeaderSignature(suite, header, signer);
    checkDemands(core, policy);
  }
  return { header, geometry: geometryOf(header), signer };
}

/** Reads the header of a file, or of a journal's first epoch, for what it says, verifying nothing. Throws `malformed` or `tampered`. */
export async function parseHeader(
  source: Source,
  suite: Suite,
  signal?: AbortSignal,
  expected: Kind | "any" = KIND_FILE,
): Promise<Header> {
  const read = (length: number) => abortable(source.read(length), signal);
  const { core, bytes } = await parseFrom(parseCore(expected), read);
  return parseFrom(parseRest(suite, core, bytes), read);
}

export function geometryOf(header: Header): Geometry {
  return {
    headerLength: headerLength(header),
    chunkSize: 2 ** header.core.chunkExponent,
    signed: header.core.signer !== null,
  };
}

/** Whether `key` is one of `signers`, as bytes. */
export function isAmong(key: Uint8Array, signers: readonly Uint8Array[] | "any"): boolean {
  return signers === "any" || signers.some((signer) => equal(signer, key));
}

/** The error for a signer who is not accepted. */
export function notAccepted(signer: Uint8Array, contacts: Policy["contacts"]): SealError {
  const text = encodeSigner(signer);
  const owner = contacts?.owner(signer);
  const old = owner?.state.is === "superseded" ? `, a key that ${owner.name} has replaced on ${owner.state.at}` : "";
  const whose = owner && !old ? ` (${owner.name})` : old;
  return new SealError("untrusted", `signed by ${text}${whose}, who is not an accepted sender`, {
    hint: `Compare this key with the one that the sender gave you. To accept it: --from ${text}, or a line "accept ${text}" in your identity file, or seal contacts add NAME ${text} --sender.`,
    signer: text,
  });
}

function refuseRevoked(signer: Uint8Array, contacts: Policy["contacts"]): void {
  const revoked = contacts?.revocation(signer);
  if (!revoked) return;
  const text = encodeSigner(signer);
  const owner = contacts?.owner(signer)?.name;
  const whose = owner ? `a key of ${owner} that` : "a key that";
  throw new SealError("untrusted", `signed by ${text}, ${whose} was ${tellRevocation(revoked)}`, {
    hint: "Whoever has a stolen key can put any date on what it signs. Ask the sender for a file that a new key signed.",
    signer: text,
  });
}

/** What stands behind a core. Throws `malformed`, or `tampered` where the input ends. */
export function* parseRest(suite: Suite, core: Core, coreBytes: Bytes): Parser<Header> {
  const { stanzas, bytes: stanzaBytes } = yield* parseStanzas();
  const authenticator = Uint8Array.from(yield* exactly(authenticatorLength(core)));
  return { core, coreBytes, coreHash: suite.sha256(coreBytes), stanzas, stanzaBytes, authenticator };
}

/** *Opening*, 2. */
export async function acceptSigner(suite: Suite, core: Core, policy: Policy): Promise<VerifyingKey | null> {
  if (!core.signer) {
    const demands = policy.label !== undefined || policy.maxAge !== undefined;
    if (policy.allowUnsigned && !demands) return null;
    throw new SealError("untrusted", "the file is unsigned: nobody vouches for where it comes from");
  }
  refuseRevoked(core.signer, policy.contacts);
  if (policy.signers !== "any") {
    if (isAmong(core.signer, policy.signers)) return suite.checkedVerifyingKey(core.signer);
    if (!isAmong(core.signer, policy.senders ?? [])) throw notAccepted(core.signer, policy.contacts);
  }
  const key = await suite.verifyingKey(core.signer);
  if (!key) throw new SealError("malformed", "the signer's public key is not a valid Ed25519 key");
  return key;
}

/** *Opening*, 4: throws `tampered`. `start` is the offset of the header. */
export function checkHeaderSignature(suite: Suite, header: Header, signer: VerifyingKey, start = 0): void {
  const { coreBytes, stanzaBytes, authenticator } = header;
  if (signer.verify(headerMessage(suite, coreBytes, stanzaBytes), authenticator)) return;
  throw new SealError("tampered", "the header is not what the sender signed", {
    offset: start + headerLength(header) - authenticator.length,
    signer: encodeSigner(signer.publicKey),
  });
}

/** *Opening*, 5. */
export function checkDemands(core: Core, policy: Policy): void {
  const now = Math.floor((policy.now ?? Date.now()) / 1000);
  const signer = core.signer ? encodeSigner(core.signer) : undefined;
  if (policy.label !== undefined && core.label !== policy.label) {
    throw new SealError("untrusted", `the label is "${core.label}", not "${policy.label}"`, { signer });
  }
  if (policy.maxAge === undefined) return;
  if (core.sealedAt > now + CLOCK_SKEW) {
    throw new SealError("untrusted", `sealed in the future, at ${isoTime(core.sealedAt)}`, {
      hint: "Check the clocks of both machines.",
      signer,
    });
  }
  if (!(now - core.sealedAt <= policy.maxAge)) {
    throw new SealError("untrusted", `too old: sealed at ${isoTime(core.sealedAt)}`, { signer });
  }
}

/** Unix seconds as ISO 8601. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
