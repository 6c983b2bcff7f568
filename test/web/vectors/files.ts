// The vectors of files, ranges and text forms, for a page: as test/vectors.test.ts has them.

import { type Bytes, fromHex, toHex } from "../../../src/bytes.js";
import { copySecret } from "../../../src/crypto/secret.js";
import type { Suite } from "../../../src/crypto/suite.js";
import type { Engine } from "../../../src/engine/engine.js";
import { unarmored } from "../../../src/files/armor.js";
import { inspectSource } from "../../../src/files/inspect.js";
import { openTo } from "../../../src/files/open.js";
import { verifySource } from "../../../src/files/verify.js";
import { pieceSource, piecesOf } from "../../../src/flow/streams.js";
import { blobSource } from "../../../src/io/blob.js";
import { encodeSigner } from "../../../src/keys/text.js";
import type { Generated } from "../../vector-bytes.js";
import {
  acceptOf,
  contactsOf,
  type Fault,
  faultOf,
  identitiesOf,
  type Keys,
  keeping,
  passphraseOf,
  same,
  signersOf,
} from "./common.js";

export interface FileVector {
  readonly name: string;
  readonly file?: string;
  readonly generate?: Generated[];
  readonly key: string | string[];
  readonly passphrase?: string;
  readonly passphraseHex?: string;
  readonly from: string[] | "any" | null;
  readonly accept?: string[][];
  readonly revoked?: string[];
  readonly allowUnsigned?: boolean;
  readonly demandLabel?: string;
  readonly maxAge?: number;
  readonly now?: number;
  readonly plaintextSha256: string | null;
  readonly bytes: number | null;
  readonly chunks: number | null;
  readonly digest: string | null;
  readonly signer: string | null;
  readonly label: string | null;
  readonly sealedAt: number | null;
  readonly open: "ok" | (Fault & { released: number; releasedSha256: string });
  readonly verify: "ok" | Fault;
}

export interface RangeVector {
  readonly name: string;
  readonly vector: string;
  readonly first: number;
  readonly last: number;
  readonly open: "ok" | Fault;
  readonly released: number;
  readonly plaintextSha256: string | null;
}

export interface ArmoredVector {
  readonly name: string;
  readonly vector: string;
  readonly hex: string;
  readonly ok: boolean;
}

const sha256 = async (bytes: Bytes) => toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

const summary = ({ bytes, chunks, digest, signer, label, sealedAt }: FileVector) => ({
  bytes,
  chunks,
  digest,
  signer,
  label,
  sealedAt,
});

/** Runs vectors with a suite and an engine. */
export class FileRuns {
  readonly #suite: Suite;
  readonly #engine: Engine;
  readonly #keys: Keys;
  readonly #bytesOf: (vector: FileVector) => Promise<Bytes>;

  constructor(suite: Suite, engine: Engine, keys: Keys, bytesOf: (vector: FileVector) => Promise<Bytes>) {
    this.#suite = suite;
    this.#engine = engine;
    this.#keys = keys;
    this.#bytesOf = bytesOf;
  }

  async #conditions(vector: FileVector) {
    const { demandLabel: label, maxAge, now = 1_800_000_000, revoked = [] } = vector;
    const [suite, engine, keys] = [this.#suite, this.#engine, this.#keys];
    const demands = { label, maxAge, now: now * 1000, contacts: contactsOf(keys, revoked) };
    const lines = await acceptOf(keys, vector.accept);
    const from = await signersOf(keys, vector.from);
    const passphrase = passphraseOf(vector);
    const opening = {
      suite,
      engine,
      identities: await identitiesOf(suite, keys, vector.key, lines),
      from: lines ? null : from,
      policy: { ...demands, allowUnsigned: vector.allowUnsigned ?? false },
      passphrase: passphrase ? async () => copySecret(passphrase) : undefined,
    };
    return { opening, verifying: { suite, engine, policy: { ...demands, from, allowUnsigned: false } } };
  }

  async open(vector: FileVector): Promise<void> {
    const blob = new Blob([await this.#bytesOf(vector)]);
    const { opening, verifying } = await this.#conditions(vector);
    const sink = keeping();
    const [opened, error] = await faultOf(() => openTo(blobSource(blob), sink, opening));
    if (vector.open === "ok") {
      if (error) throw error;
      const { bytes, chunks, digest, signer, label, sealedAt } = opened!;
      const found = { bytes, chunks, digest, signer: signer && encodeSigner(signer), label, sealedAt };
      same([found, await sha256(sink.bytes()), sink.end()], [summary(vector), vector.plaintextSha256, "committed"]);
    } else {
      const { error: code, chunk, released, releasedSha256 } = vector.open;
      const out = sink.bytes();
      same(
        [error?.code, error?.chunk ?? null, out.length, await sha256(out), sink.end()],
        [code, chunk, released, releasedSha256, "aborted"],
      );
    }
    const [verified, refused] = await faultOf(() => verifySource(blobSource(blob), verifying));
    if (vector.verify === "ok") {
      if (refused) throw refused;
      same({ ...verified, signer: encodeSigner(verified!.signer) }, { ...summary(vector) });
    } else same([refused?.code, refused?.chunk ?? null], [vector.verify.error, vector.verify.chunk]);
    if (vector.open !== "ok") return;
    const { core, bytes, chunks } = await inspectSource(blobSource(blob), this.#suite);
    const signer = core.signer && encodeSigner(core.signer);
    const { digest: _, ...expected } = summary(vector);
    same({ bytes, chunks, signer, label: core.label, sealedAt: core.sealedAt }, expected);
  }

  async range({ first, last, ...range }: RangeVector, vector: FileVector): Promise<void> {
    const { opening } = await this.#conditions(vector);
    const sink = keeping();
    const source = blobSource(new Blob([await this.#bytesOf(vector)]));
    const [, error] = await faultOf(() => openTo(source, sink, { ...opening, range: { first, last } }));
    const out = sink.bytes();
    if (range.open === "ok") {
      if (error) throw error;
      same([out.length, await sha256(out)], [last - first + 1, range.plaintextSha256]);
    } else {
      const found = [error?.code, error?.chunk ?? null, out.length];
      same(found, [range.open.error, range.open.chunk, range.released]);
    }
  }

  async armored({ hex, ok }: ArmoredVector, vector: FileVector): Promise<void> {
    const { opening } = await this.#conditions(vector);
    const text = fromHex(hex);
    const pieces = async function* () {
      for (let at = 0; at < text.length; at += 61) yield text.subarray(at, at + 61);
    };
    for (const source of [blobSource(new Blob([text])), pieceSource(piecesOf(pieces()), "the input")]) {
      const sink = keeping();
      const [opened, error] = await faultOf(async () => openTo(await unarmored(source), sink, opening));
      if (ok) {
        if (error) throw error;
        const { bytes, chunks, digest, label, sealedAt } = opened!;
        const { signer: _, ...expected } = summary(vector);
        same({ bytes, chunks, digest, label, sealedAt }, expected);
      } else same([error?.code, sink.bytes().length], ["malformed", 0]);
    }
  }
}
