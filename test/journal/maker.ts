// Journals, good and bad, put together from the pure codec, part by part, independently of the writer.

import { type Bytes, concat } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { encodeCore } from "../../src/format/core.js";
import { commitment, headerMessage } from "../../src/format/header.js";
import { encodeStanzas, type Stanza } from "../../src/format/stanza.js";
import { encodeBatch } from "../../src/journal/batch.js";
import { sealFrame } from "../../src/journal/frame.js";
import { Ratchet } from "../../src/journal/ratchet.js";
import type { JournalSource } from "../../src/journal/store.js";
import type { Identity } from "../../src/keys/identity.js";
import { makeStanzas } from "../../src/ops/seal.js";
import { NOW, recipient, sender } from "../ops/samples.js";

export const ZERO = new Uint8Array(32);

export interface EpochPlan {
  readonly signer?: Identity;
  readonly recipients?: readonly Uint8Array[];
  readonly label?: string;
  readonly exponent?: number;
  /** Unix seconds. */
  readonly sealedAt?: number;
  /** By default the chain value due. */
  readonly previous?: Bytes;
  /** Instead of those of the recipients. */
  readonly stanzas?: readonly Stanza[];
}

export interface Part {
  readonly is: "header" | "frame";
  readonly bytes: Bytes;
  /** The chain value after it. */
  readonly chain: Bytes;
}

/** A writer that keeps everything, and does what it is told. */
export class Maker {
  readonly parts: Part[] = [];
  readonly #signer: Identity;
  #plan: EpochPlan;
  #chain: Bytes = ZERO;
  #coreHash: Bytes = ZERO;
  #ratchet: Ratchet | null = null;
  #index = 0;

  constructor(plan: EpochPlan = {}) {
    this.#plan = plan;
    this.#signer = plan.signer ?? sender;
  }

  get chain(): Bytes {
    return this.#chain;
  }

  get end(): number {
    return this.parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  bytes(): Bytes {
    return concat(...this.parts.map(({ bytes }) => bytes));
  }

  epoch(plan: EpochPlan = {}): this {
    const {
      signer = this.#signer,
      recipients = [recipient.publicKey],
      label = "",
      ...all
    } = { ...this.#plan, ...plan };
    const fileKey = native.randomBytes(32);
    const core = encodeCore({
      chunkExponent: all.exponent ?? 12,
      signer: signer.signingKey.publicKey,
      commitment: commitment(native, fileKey),
      sealedAt: all.sealedAt ?? NOW / 1000,
      label,
      previous: all.previous ?? this.#chain,
    });
    this.#coreHash = native.sha256(core);
    const stanzas = encodeStanzas(all.stanzas ?? makeStanzas(native, recipients, fileKey, this.#coreHash));
    const signature = signer.signingKey.sign(headerMessage(native, core, stanzas));
    this.#ratchet = new Ratchet(native, fileKey, this.#coreHash);
    this.#chain = this.#coreHash;
    this.#index = 0;
    this.parts.push({ is: "header", bytes: concat(core, stanzas, signature), chain: this.#chain });
    return this;
  }

  frame(records: readonly (string | Uint8Array)[], sealedAt = NOW): this {
    return this.batch(encodeBatch(sealedAt, records.map(bytesOf)));
  }

  /** A frame that holds any bytes. */
  batch(batch: Uint8Array, signer = this.#signer.signingKey): this {
    const signing = { suite: native, signer, coreHash: this.#coreHash };
    const { frame, chain } = sealFrame(signing, this.#ratchet!.next(), this.#index, this.#chain, batch);
    this.#index += 1;
    this.#chain = chain;
    this.parts.push({ is: "frame", bytes: frame, chain });
    return this;
  }
}

function bytesOf(record: string | Uint8Array): Uint8Array {
  return typeof record === "string" ? new TextEncoder().encode(record) : record;
}

/** Three epochs with 3, 0 and 2 frames; records `0` … `9`. */
export function sample(plan: EpochPlan = {}): Maker {
  const made = new Maker(plan);
  made.epoch().frame(["0"]).frame(["1", "2"]).frame(["3", "", "4"]);
  made.epoch();
  return made.epoch().frame(["5", "6", "7"]).frame(["8", "9"]);
}

/** The parts' bytes, one after the other. */
export function joined(parts: readonly Part[]): Bytes {
  return concat(...parts.map(({ bytes }) => bytes));
}

/** A journal in memory, which may be given other bytes. It counts what is read of it. */
export function memoryJournal(bytes: Uint8Array): JournalSource & { bytes: Uint8Array; read: number } {
  const source = {
    name: "the journal",
    bytes,
    read: 0,
    size: async () => source.bytes.length,
    readAt: async (position: number, length: number) => {
      const piece = source.bytes.slice(position, position + length);
      source.read += piece.length;
      return piece;
    },
    close: async () => {},
  };
  return source;
}
