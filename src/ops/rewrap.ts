// Rewrapping: the same core and the same records behind new stanzas, signed anew (docs/FORMAT.md, "Rewrap").

import { type Bytes, concat, equal, toHex } from "../bytes.js";
import type { SigningKey, Suite } from "../crypto/suite.js";
import type { Engine } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { type Header, headerMessage } from "../format/header.js";
import { expectedBytes, recordOffset, sealedSize } from "../format/sizes.js";
import { encodeStanzas } from "../format/stanza.js";
import type { Identity, IdentityFile } from "../keys/identity.js";
import { encodeSigner } from "../keys/text.js";
import { findFileKey, noKey } from "./filekey.js";
import { type AcceptedHeader, geometryOf, type Policy, readHeader } from "./header.js";
import { committing, type Progress, release, type Sink, type Source } from "./io.js";
import { checkedRecords } from "./records.js";
import { makeStanzas, type Sealed } from "./seal.js";

export interface RewrapOptions {
  readonly suite: Suite;
  readonly engine: Engine;
  /** One of them must be a recipient of the file as it is. */
  readonly identities: readonly IdentityFile[];
  /** The file's own signer: of all senders, only this one is accepted. */
  readonly signer: SigningKey;
  /** Tells of revoked keys: what they signed is not rewrapped. */
  readonly contacts?: Policy["contacts"];
  /** All the recipients from now on: valid X25519 public keys, 1 … 4096; one that is named twice is sealed to once. */
  readonly recipients: readonly Uint8Array[];
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies `source` to `sink` behind a new header, verifying every record, and commits the sink. No header is signed that has not been checked as
 * opening checks it, and no payload is passed on that the signer has not signed.
 * Throws `malformed`, `tampered`, `no-key`; `untrusted` where the file is unsigned or another's; `usage` for a recipient list that cannot be
 * sealed to; `io` where the input changes meanwhile.
 */
export async function rewrap(source: Source, sink: Sink, options: RewrapOptions): Promise<Sealed> {
  return committing(sink, async () => {
    const accepted = await readOwnHeader(source, options);
    const fileKey = await unlockFileKey(accepted.header, options);
    let head: Header;
    try {
      head = addressed(accepted.header, fileKey, options);
    } finally {
      fileKey.fill(0);
    }
    await release(sink, concat(head.coreBytes, head.stanzaBytes, head.authenticator), 0, options.signal);
    const rewrapped = await copyRecords(source, sink, accepted, head, options);
    await source.checkUnchanged();
    return rewrapped;
  });
}

/** The header, checked as for opening, of a file that `signer` has signed. */
async function readOwnHeader(
  source: Source,
  { suite, signer, contacts, signal }: RewrapOptions,
): Promise<AcceptedHeader> {
  const policy = { signers: [signer.publicKey], contacts, allowUnsigned: false };
  const own = encodeSigner(signer.publicKey);
  try {
    return await readHeader(source, suite, policy, signal);
  } catch (error) {
    if (!(error instanceof SealError) || error.code !== "untrusted" || error.signer === own) throw error;
    throw notOwn(error.signer, own);
  }
}

function notOwn(found: string | undefined, own: string): SealError {
  if (found === undefined) {
    return new SealError("untrusted", "the file is unsigned: only signed files can be rewrapped", {
      hint: "Seal the original again, signed.",
    });
  }
  return new SealError("untrusted", `signed by ${found}, but the key to sign with is ${own}`, {
    hint: "Only the sender who sealed a file can rewrap it. You can seal what you have opened again, in your own name.",
    signer: found,
  });
}

async function unlockFileKey(header: Header, { suite, identities }: RewrapOptions): Promise<Bytes> {
  const keys: Identity[] = [];
  for (const identity of identities) keys.push(await identity.unlock());
  const fileKey = findFileKey(suite, header, keys);
  if (!fileKey)
    throw noKey("Rewrapping needs a key that the file was sealed to. Without one, seal the original again.");
  return fileKey;
}

/** The same core with stanzas for `recipients` alone. */
function addressed(header: Header, fileKey: Bytes, { suite, signer, recipients }: RewrapOptions): Header {
  const stanzas = makeStanzas(suite, recipients, fileKey, header.coreHash);
  const stanzaBytes = encodeStanzas(stanzas);
  const authenticator = signer.sign(headerMessage(suite, header.coreBytes, stanzaBytes));
  return { ...header, stanzas, stanzaBytes, authenticator };
}

async function copyRecords(
  source: Source,
  sink: Sink,
  { header, geometry, signer }: AcceptedHeader,
  head: Header,
  { suite, engine, progress, signal }: RewrapOptions,
): Promise<Sealed> {
  const layout = geometryOf(head);
  const total = source.size === null ? null : expectedBytes(geometry, source.size);
  const records = { suite, engine, payloadKey: null, copy: layout, coreHash: header.coreHash, signer, signal };
  let digest = header.coreHash;
  let bytes = 0;
  let chunks = 0;
  for await (const { record, chain, length } of checkedRecords(source, sink, geometry, records)) {
    if (record) await release(sink, record, recordOffset(layout, chunks), signal);
    digest = chain!;
    bytes += length;
    chunks += 1;
    progress?.(bytes, total);
  }
  const { label, sealedAt } = head.core;
  return {
    bytes,
    sealedBytes: sealedSize(layout, bytes),
    chunks,
    recipients: head.stanzas.length,
    signer: head.core.signer,
    label,
    sealedAt,
    digest: toHex(digest),
  };
}

/** Whether one of the identities can open, and so rewrap again, what was made for `recipients`. Unlocks them. */
export async function canOpenAgain({ identities, recipients }: RewrapOptions): Promise<boolean> {
  for (const identity of identities) {
    const { publicKey } = await identity.unlock();
    if (recipients.some((recipient) => equal(recipient, publicKey))) return true;
  }
  return false;
}
