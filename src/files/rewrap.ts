// Rewrapping: the same core and the same records behind new stanzas, signed anew (docs/FORMAT.md, "Rewrap").

import { concat, equal, toHex } from "../bytes.js";
import { kemOf } from "../crypto/kem.js";
import { erase, type Secret } from "../crypto/secret.js";
import type { HeaderSigner, Suite } from "../crypto/suite.js";
import type { Engine } from "../engine/engine.js";
import { SealError } from "../errors.js";
import { committing, type Progress, release, type Sink, type Source } from "../flow/io.js";
import type { Header } from "../format/header.js";
import { expectedBytes, recordOffset, sealedSize } from "../format/sizes.js";
import { encodeStanzas, isPostQuantum, type Stanza } from "../format/stanza.js";
import type { Policy } from "../header/policy.js";
import { type AcceptedHeader, geometryOf, readHeader } from "../header/read.js";
import { signHeader } from "../header/sign.js";
import { makeStanzas } from "../header/stanzas.js";
import { findFileKey, noKey, openingKeys } from "../header/unlock.js";
import type { IdentityFile } from "../keys/identity.js";
import { encodeSigner } from "../keys/text.js";
import { checkedRecords } from "./records.js";
import type { Sealed } from "./seal.js";

export interface Rewrapping {
  readonly suite: Suite;
  readonly engine: Engine;
  /** One of them must be a recipient of the file as it is. */
  readonly identities: readonly IdentityFile[];
  /** The file's own signer: of all senders, only this one is accepted. */
  readonly signer: HeaderSigner;
  /** Tells of revoked keys: what they signed is not rewrapped. */
  readonly contacts?: Policy["contacts"];
  /**
   * All the recipients from now on: valid public keys of one kind (makeStanzas), 1 … 4096; one that is named twice is
   * sealed to once.
   */
  readonly recipients: readonly Uint8Array[];
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies `source` to `sink` behind a new header, verifying every record, and commits the sink. No header is signed that
 * has not been checked as opening checks it, and no payload is passed on that the signer has not signed. Throws
 * `malformed`, `unsupported`, `tampered`, `no-key`; `untrusted` where the file is unsigned or another's; `usage` for a
 * recipient list that cannot be sealed to; `io` where the input changes meanwhile.
 */
export async function rewrapTo(source: Source, sink: Sink, options: Rewrapping): Promise<Sealed> {
  return committing(sink, async () => {
    const accepted = await readOwnHeader(source, options);
    refuseUpgrade(accepted.header, options.recipients);
    const fileKey = await unlockFileKey(accepted.header, options);
    const head = await addressed(accepted.header, fileKey, options);
    await release(sink, concat(head.coreBytes, head.stanzaBytes, head.authenticator), 0, options.signal);
    const rewrapped = await copyRecords(source, sink, accepted, head, options);
    await source.checkUnchanged();
    return rewrapped;
  });
}

/** The header, checked as for opening, of a file that `signer` has signed. */
async function readOwnHeader(source: Source, { suite, signer, contacts, signal }: Rewrapping): Promise<AcceptedHeader> {
  const policy = { from: [signer.publicKey], contacts, allowUnsigned: false };
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
    hint: "Only the sender who sealed a file can rewrap it. You can open it and seal it again in your own name.",
    signer: found,
  });
}

async function unlockFileKey(header: Header, { suite, identities, signal, engine }: Rewrapping): Promise<Secret> {
  const fileKey = await findFileKey(suite, header, await openingKeys(identities), { signal, engine });
  if (!fileKey)
    throw noKey("Rewrapping needs a key that the file was sealed to. Without one, seal the original again.");
  return fileKey;
}

/**
 * The file key of classic stanzas has already travelled under X25519: post-quantum ones would promise what is not so.
 */
function refuseUpgrade({ stanzas }: Header, recipients: readonly Uint8Array[]): void {
  const isUpgrade = !isPostQuantum(stanzas[0]!.type) && recipients.some((key) => kemOf(key) === "xwing");
  if (!isUpgrade) return;
  throw new SealError(
    "usage",
    "the file was sealed for classic keys: its file key has already travelled under X25519",
    {
      reason: "classic-before",
      hint: "Seal the original again for the post-quantum keys.",
    },
  );
}

/** The same core with stanzas for `recipients` alone. The file key is erased. */
async function addressed(
  header: Header,
  fileKey: Secret,
  { suite, engine, signer, recipients, signal }: Rewrapping,
): Promise<Header> {
  let stanzas: Stanza[];
  try {
    stanzas = await makeStanzas(suite, { recipients }, fileKey, header.coreHash, { signal, engine });
  } finally {
    erase(fileKey);
  }
  const stanzaBytes = encodeStanzas(stanzas);
  const authenticator = await signHeader(suite, signer, header.coreBytes, stanzaBytes, signal);
  return { ...header, stanzas, stanzaBytes, authenticator };
}

async function copyRecords(
  source: Source,
  sink: Sink,
  { header, geometry, recordKey }: AcceptedHeader,
  head: Header,
  { suite, engine, progress, signal }: Rewrapping,
): Promise<Sealed> {
  const layout = geometryOf(head);
  const total = source.size === null ? null : expectedBytes(geometry, source.size);
  const records = { suite, engine, payloadKey: null, copy: layout, coreHash: header.coreHash, recordKey, signal };
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
export async function canOpenAgain({ identities, recipients }: Rewrapping): Promise<boolean> {
  const keys = await openingKeys(identities);
  return keys.some(({ publicKey }) => recipients.some((recipient) => equal(recipient, publicKey)));
}
