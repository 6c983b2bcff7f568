// A journal by the offsets that its parts have had from the first day, whatever was removed before them
// (docs/FORMAT.md, "A base").

import { type Bytes, equal } from "../../bytes.js";
import type { VerifyingKey } from "../../crypto/suite.js";
import { SealError } from "../../errors.js";
import { abortable } from "../../flow/order.js";
import {
  type Base,
  baseLength,
  baseMessage,
  beginsBase,
  MAX_BASE_BYTES,
  type ParsedBase,
  parseBase,
} from "../../format/base.js";
import { KIND_JOURNAL, parseCore } from "../../format/core.js";
import { parseBytes } from "../../format/parser.js";
import { acceptSigner, demandLabel } from "../../header/policy.js";
import { isoTime } from "../../time.js";
import type { JournalSource } from "../store.js";
import { type HeaderSettings, tampered } from "./epochs.js";

/** A base whose signature is right, by a signer who is accepted. */
export interface KnownBase extends Base {
  readonly key: VerifyingKey;
}

/** What the epochs behind an offset are held to: by a base, or by what stands for one. */
export interface Kept extends Omit<Base, "removedAt"> {
  readonly key: VerifyingKey;
  /** The exponent of the chunk size, where an epoch before has told it. */
  readonly chunkExponent?: number;
}

export class LogicalJournal implements JournalSource {
  readonly name: string;
  readonly changed?: (signal: AbortSignal) => Promise<void>;
  readonly #source: JournalSource;
  readonly #settings: HeaderSettings;
  readonly #signal: AbortSignal | undefined;
  #parsed: ParsedBase | null = null;
  #base: KnownBase | null = null;
  /** By how much offsets in the source are less. */
  #shift = 0;
  #id: Bytes | null = null;
  #end = 0;

  private constructor(source: JournalSource, settings: HeaderSettings, signal: AbortSignal | undefined) {
    this.name = source.name;
    if (source.changed) this.changed = (each) => source.changed!(each);
    this.#source = source;
    this.#settings = settings;
    this.#signal = signal;
  }

  /** Throws `malformed`, `untrusted` and `tampered` for a base that is not as it should be; `io`. */
  static async of(source: JournalSource, settings: HeaderSettings, signal?: AbortSignal): Promise<LogicalJournal> {
    const journal = new LogicalJournal(source, settings, signal);
    await journal.size();
    return journal;
  }

  get base(): KnownBase | null {
    return this.#base;
  }

  /** The offset from which on there is something. */
  get start(): number {
    return this.#base?.offset ?? 0;
  }

  /** What `size` has said last. */
  get end(): number {
    return this.#end;
  }

  /** The journal that it has to be from now on, whatever takes its place. */
  expect(id: Bytes): void {
    this.#id = id;
  }

  /** Where it ends. Another base may have come meanwhile: of the same journal, or it is `tampered`. */
  async size(): Promise<number> {
    const size = await abortable(this.#source.size(), this.#signal);
    await this.#look();
    this.#end = size + this.#shift;
    return this.#end;
  }

  /** Bytes from `start` on. */
  readAt(position: number, length: number): Promise<Uint8Array> {
    return this.#source.readAt(position - this.#shift, length);
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  async #look(): Promise<void> {
    const before = this.#parsed;
    const there = await abortable(this.#source.readAt(0, MAX_BASE_BYTES), this.#signal);
    if (before ? isSame(there, before) : !beginsBase(there)) return;
    this.#parsed = beginsBase(there) ? parseBytes(parseBase(), there).value : null;
    this.#base = this.#parsed && { ...this.#parsed.base, key: await this.#accept(this.#parsed) };
    this.#shift = this.#parsed ? this.#base!.offset - baseLength(this.#parsed) : 0;
    if (this.#id && !equal(this.#base?.journal ?? this.#firstCoreHash(there), this.#id)) {
      throw tampered("another journal has taken its place", 0);
    }
  }

  /** As *Opening*, 2, 4 and 5, of the label. */
  async #accept({ base, bytes, signature }: ParsedBase): Promise<VerifyingKey> {
    const { suite, policy } = this.#settings;
    const signer = (await acceptSigner(suite, base, { ...policy, allowUnsigned: false }))!;
    if (!signer.verify(baseMessage(suite, bytes), signature)) {
      throw tampered("the base of the journal is not what the writer signed", 0);
    }
    demandLabel(base, policy);
    return signer;
  }

  /** No core is longer than a base. */
  #firstCoreHash(start: Uint8Array): Bytes {
    return this.#settings.suite.sha256(parseBytes(parseCore(KIND_JOURNAL), start).value.bytes);
  }
}

function isSame(there: Uint8Array, { bytes, signature }: ParsedBase): boolean {
  const length = bytes.length + signature.length;
  return equal(there.subarray(0, bytes.length), bytes) && equal(there.subarray(bytes.length, length), signature);
}

/** The error for who wants to go on at `end`, before which something was removed. */
export function removed({ offset, removedAt }: Base, end: number): SealError {
  const when = isoTime(removedAt);
  return new SealError("usage", `what stood from byte ${end} to byte ${offset} was removed by the writer (${when})`, {
    hint: "It was not picked up in time. `skipRemoved` goes on with what is left.",
    offset: end,
    reason: "removed",
  });
}
