// A journal on a web server as its readers see it. It may have grown from one request to the next, and then has another
// ETag: what was read of it goes on in the new version, or its chain values do not fit.

import { concat } from "../../bytes.js";
import { SealError } from "../../errors.js";
import type { Source } from "../../flow/io.js";
import { pieceSource, piecesOf } from "../../flow/streams.js";
import { pause } from "../../flow/turns.js";
import type { JournalSource } from "../../journal/store.js";
import type { HttpClient, HttpOptions } from "../http/client.js";
import { FIRST_PART, Remote } from "../http/remote.js";

/** A read of less is asked for as such; a longer one goes on to the end, as more like it will follow. */
const STRETCH = 1024 * 1024;
/** How long to wait before asking whether there is more, in milliseconds: at first, and at most. */
const SHORTEST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

export interface JournalUrlOptions extends HttpOptions {
  /** Before asking whether there is more, in milliseconds. */
  readonly wait?: number | undefined;
}

/**
 * Asks for a journal. Only what is read is fetched, where the server gives parts. Throws `io`; the signal's
 * reason.
 */
export async function remoteJournal(
  name: string,
  client: HttpClient,
  options: JournalUrlOptions,
): Promise<JournalSource> {
  const remote = new Remote(name, client, { ...options, grows: true });
  try {
    await remote.begin("wanted");
    if (remote.size === null) {
      throw new SealError("io", `cannot read ${name}: the server does not say how long it is`);
    }
    const first = remote.givesParts ? await firstPart(remote, name) : new Uint8Array();
    return new UrlJournal(name, remote, first, options);
  } catch (error) {
    remote.close();
    throw error;
  }
}

/** What the first answer brings: the first core is in it. */
function firstPart(remote: Remote, name: string): Promise<Uint8Array> {
  const length = Math.min(FIRST_PART, remote.size!);
  return pieceSource(piecesOf(remote.download(0, length)), name).read(length);
}

interface Stretch {
  readonly source: Source;
  /** Where it is read next, and where it ends. */
  position: number;
  end: number;
}

class UrlJournal implements JournalSource {
  readonly name: string;
  readonly #remote: Remote;
  readonly #shortest: number;
  #wait: number;
  #stretch: Stretch | null = null;
  /** What may be read again: the first bytes; or, where the server gives no parts, those that came last. */
  #held: { readonly position: number; readonly bytes: Uint8Array };
  #isNew = true;

  constructor(name: string, remote: Remote, first: Uint8Array, { wait = SHORTEST_WAIT }: JournalUrlOptions) {
    this.name = name;
    this.#remote = remote;
    this.#held = { position: 0, bytes: first };
    this.#shortest = wait;
    this.#wait = wait;
  }

  async size(): Promise<number> {
    const before = this.#remote.size!;
    if (!this.#isNew && this.#remote.givesParts) await this.#refresh();
    this.#isNew = false;
    if (this.#remote.size !== before) this.#wait = this.#shortest;
    return this.#remote.size!;
  }

  async readAt(position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, this.#remote.size! - position);
    if (wanted <= 0) return new Uint8Array();
    const held = this.#heldFrom(position, wanted);
    const rest = wanted - held.length;
    if (rest === 0) return held;
    const { givesParts } = this.#remote;
    const bytes = concat(held, await (givesParts ? this.#read : this.#readOn).call(this, position + held.length, rest));
    if (!givesParts) this.#held = { position, bytes };
    return bytes;
  }

  async changed(signal: AbortSignal): Promise<void> {
    if (!this.#remote.givesParts) {
      throw new SealError(
        "io",
        `${this.name} cannot be followed: the server does not serve parts of files (it ignores Range)`,
      );
    }
    await pause(this.#wait, signal);
    this.#wait = Math.min(LONGEST_WAIT, 2 * this.#wait);
  }

  async close(): Promise<void> {
    await this.#stretch?.source.close();
    this.#remote.close();
  }

  /** What was read before may be replaced by now: an incomplete end, or what was before a base. */
  async #refresh(): Promise<void> {
    await this.#stretch?.source.close();
    this.#stretch = null;
    this.#held = { position: 0, bytes: new Uint8Array() };
    await this.#remote.refresh();
  }

  #heldFrom(position: number, length: number): Uint8Array {
    const start = position - this.#held.position;
    return start < 0 ? new Uint8Array() : this.#held.bytes.subarray(start, start + length);
  }

  async #read(position: number, length: number): Promise<Uint8Array> {
    const goesOn = this.#stretch?.position === position && position + length <= this.#stretch.end;
    if (!goesOn) await this.#begin(position, length < STRETCH ? position + length : this.#remote.size!);
    return this.#next(length);
  }

  /** A server that gives no parts gives everything, of which what is before the position is passed over. */
  async #readOn(position: number, length: number): Promise<Uint8Array> {
    if (!this.#stretch) await this.#begin(0, this.#remote.size!);
    const stretch = this.#stretch!;
    if (position < stretch.position) {
      const message = `cannot read ${this.name}: the server does not serve parts of files (it ignores Range)`;
      throw new SealError("io", message);
    }
    await stretch.source.skipTo(position);
    stretch.position = position;
    return this.#next(length);
  }

  async #next(length: number): Promise<Uint8Array> {
    const stretch = this.#stretch!;
    const bytes = await stretch.source.read(length);
    stretch.position += bytes.length;
    // The answer was of a shorter version: what the next one has more is to be asked for.
    if (bytes.length < length) stretch.end = stretch.position;
    return bytes;
  }

  async #begin(first: number, end: number): Promise<void> {
    await this.#stretch?.source.close();
    this.#stretch = {
      source: pieceSource(piecesOf(this.#remote.download(first, end)), this.name),
      position: first,
      end,
    };
  }
}
