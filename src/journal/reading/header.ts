// The bytes of an epoch's header, field by field, where a crash or a loss of power may have left a part of it
// (docs/FORMAT.md, "Reading a journal").

import { type Bytes, equal, zerosAtEnd } from "../../bytes.js";
import { SIGNATURE_BYTES } from "../../crypto/lengths.js";
import type { Suite } from "../../crypto/suite.js";
import { KIND_JOURNAL, parseCore } from "../../format/core.js";
import type { Header } from "../../format/header.js";
import { MAGIC } from "../../format/magic.js";
import { type Parser, parseFrom } from "../../format/parser.js";
import { parseStanzas } from "../../format/stanza.js";
import { type CoreAndBytes, headerOf } from "../../header/read.js";
import type { Window } from "./window.js";

/**
 * A header that stands at a window's position, part by part; the window stays where it is. Where a loss of power has
 * left zeros up to the end of the input in place of the authenticator, and of more before it, they count as not there.
 */
export class HeaderReading {
  readonly #window: Window;
  readonly #mayBeTorn: boolean;
  #length = 0;
  #isShort = false;

  /** `mayBeTorn`: whether zeros are looked for up to the end of the input. */
  constructor(window: Window, mayBeTorn = true) {
    this.#window = window;
    this.#mayBeTorn = mayBeTorn;
  }

  /** The core; null where the input ends in it, and could go on as a header does. Throws as the parser. */
  async core(): Promise<CoreAndBytes | null> {
    return this.#parse(parseCore(KIND_JOURNAL));
  }

  /** The header of which that is the core; null as above. Throws as the parsers. */
  async rest(suite: Suite, { core, bytes }: CoreAndBytes): Promise<Header | null> {
    const stanzas = await this.#parse(parseStanzas());
    // A signature may end with zeros, which others follow.
    if (!stanzas || (this.#mayBeTorn && (await this.#window.isZeroFrom(this.#length)))) return null;
    const authenticator = this.#bytes(await this.#window.need(this.#length + SIGNATURE_BYTES));
    return authenticator.length < SIGNATURE_BYTES ? null : headerOf(suite, { core, bytes }, stanzas, authenticator);
  }

  async #parse<T>(parser: Parser<T>): Promise<T | null> {
    try {
      return await parseFrom(parser, (length) => this.#read(length));
    } catch (error) {
      if (this.#isShort && this.#beginsWell()) return null;
      throw error;
    }
  }

  async #read(length: number): Promise<Uint8Array> {
    const bytes = this.#bytes(await this.#window.need(this.#length + length));
    const end = this.#length + bytes.length;
    const zeros = this.#mayBeTorn ? zerosAtEnd(bytes) : 0;
    const isTorn = zeros > 0 && (await this.#window.isZeroFrom(end)) && this.#isTornAt(end - zeros);
    const there = isTorn ? bytes.length - zeros : bytes.length;
    this.#length += there;
    this.#isShort = there < length;
    return bytes.subarray(0, there);
  }

  /** Those that come next, up to there. */
  #bytes(end: number): Bytes {
    return this.#window.copy(this.#length, end - this.#length);
  }

  /** Whether zeros from there on are no part of what was written; what has no magic is not known to be a journal. */
  #isTornAt(offset: number): boolean {
    const isKnown = offset >= MAGIC.length || this.#window.position > 0;
    return isKnown && this.#window.available - offset >= SIGNATURE_BYTES;
  }

  #beginsWell(): boolean {
    const start = this.#window.copy(0, Math.min(this.#length, MAGIC.length));
    return equal(start, MAGIC.subarray(0, start.length));
  }
}
