// Reading a header and deciding whether to go on, before any secret is touched (docs/FORMAT.md, "Opening", 1 to 5).

import type { Bytes } from "../bytes.js";
import type { Suite, VerifyingKey } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { byPosition, type Source } from "../flow/io.js";
import { abortable } from "../flow/order.js";
import { type Core, KIND_FILE, type Kind, parseCore } from "../format/core.js";
import { authenticatorLength, type Header, headerLength, headerMessage } from "../format/header.js";
import { exactly, type Parser, parseFrom } from "../format/parser.js";
import type { Geometry } from "../format/sizes.js";
import { parseStanzas, type Stanzas } from "../format/stanza.js";
import { encodeSigner } from "../keys/text.js";
import { acceptSigner, checkDemands, type Policy } from "./policy.js";

export interface AcceptedHeader {
  readonly header: Header;
  readonly geometry: Geometry;
  /** To verify records with; null in an unsigned file. */
  readonly recordKey: VerifyingKey | null;
}

/** Reads and checks a header. Throws `malformed`, `unsupported`, `tampered` or `untrusted`. */
export async function readHeader(
  source: Source,
  suite: Suite,
  policy: Policy,
  signal: AbortSignal | undefined,
): Promise<AcceptedHeader> {
  const start = beginningOf(source, signal);
  const { core, bytes: coreBytes } = await parseFrom(parseCore(), start.read);
  const signer = await acceptSigner(suite, core, policy);
  const header = await parseFrom(parseRest(suite, core, coreBytes), start.read);
  await start.end();
  if (signer) {
    checkHeaderSignature(suite, header, signer);
    checkDemands(core, policy);
  }
  const recordKey = core.recordKey && suite.checkedVerifyingKey(core.recordKey);
  return { header, geometry: geometryOf(header), recordKey };
}

/** As much as most headers need; what is behind it is read in pieces that grow to this. */
const AHEAD = 4096;
const MOST_AHEAD = 256 * 1024;

interface Beginning {
  /** The next `least` bytes, fewer only at the end of the input, or up to `most` that are at hand. */
  read(least: number, most: number): Promise<Uint8Array>;
  /** Has the source go on behind them. */
  end(): Promise<void>;
}

/** A source from its beginning on, which a parser asks for in small pieces: by position, many are read at once. */
function beginningOf(source: Source, signal: AbortSignal | undefined): Beginning {
  if (!byPosition(source)) {
    return { read: (least) => abortable(source.read(least), signal), end: async () => undefined };
  }
  let at = 0;
  let known: Uint8Array = new Uint8Array(0);
  let knownAt = 0;
  let ahead = AHEAD;
  return {
    read: async (least, most) => {
      if (at + least > knownAt + known.length) {
        known = await abortable(source.readAt(at, Math.max(most, ahead)), signal);
        knownAt = at;
        ahead = Math.min(4 * ahead, MOST_AHEAD);
      }
      const bytes = known.subarray(at - knownAt, at - knownAt + most);
      at += bytes.length;
      return bytes;
    },
    end: () => source.skipTo(at),
  };
}

/**
 * Reads the header of a file, or of a journal's first epoch, for what it says, verifying nothing. Throws `malformed`,
 * `unsupported` or `tampered`.
 */
export async function parseHeader(
  source: Pick<Source, "read">,
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

export interface CoreAndBytes {
  readonly core: Core;
  readonly bytes: Bytes;
}

/** What stands behind a core. Throws `malformed`, or `tampered` where the input ends. */
function* parseRest(suite: Suite, core: Core, bytes: Bytes): Parser<Header> {
  const stanzas = yield* parseStanzas();
  return headerOf(suite, { core, bytes }, stanzas, yield* exactly(authenticatorLength(core)));
}

/** A header of its parts. */
export function headerOf(
  suite: Suite,
  { core, bytes: coreBytes }: CoreAndBytes,
  { stanzas, bytes: stanzaBytes }: Stanzas,
  authenticator: Bytes,
): Header {
  return { core, coreBytes, coreHash: suite.sha256(coreBytes), stanzas, stanzaBytes, authenticator };
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
