// A journal on a web server as its readers see it. It may have grown from one request to the next, and then has another ETag: what was read of it goes on in the
// new version, or its chain values do not fit.

import { setTimeout as sleep } from "node:timers/promises";
import { concat } from "../bytes.js";
import { SealError } from "../errors.js";
import type { JournalSource } from "../journal/store.js";
import type { Source } from "../ops/io.js";
import { Remote } from "./http.js";
import { Client, type HttpOptions } from "./request.js";
import { streamSource } from "./streams.js";
import { parseUrl, shownUrl } from "./url.js";

/** A read of less is asked for as such; a longer one goes on to the end, as more like it will follow. */
const STRETCH = 1024 * 1024;
/** How long to wait before asking whether there is more, in milliseconds: at first, and at most. */
const SHORTEST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

export interface JournalUrlOptions extends HttpOptions {
  /** Before asking whether there is more, in milliseconds. */
  readonly wait?: number | undefined;
}

/** Asks for a journal. Only what is read is fetched, where the server gives parts. Throws `io`; `usage` for what is no address; the signal's reason. */
export async function openJournalUrl(text: string, options: JournalUrlOptions = {}): Promise<JournalSource> {
  const url = parseUrl(text);
  const remote = new Remote(shownUrl(url), new Client(url, options), { ...options, grows: true });
  try {
    await remote.begin("wanted");
    if (remote.size === null) {
      throw new SealError("io", `cannot read ${shownUrl(url)}: the server does not say how long it is`);
    }
  } catch (error) {
    remote.close();
    throw error;
  }
  return new UrlJournal(shownUrl(url), remote, options);
}

interface Stretch {
  readonly source: Source;
  /** Where it is read next, and where it ends. */
  position: number;
  readonly end: number;
}

class UrlJournal implements JournalSource {
  readonly name: string;
  readonly #remote: Remote;
  readonly #shortest: number;
  #wait: number;
  #stretch: Stretch | null = null;
  /** The last bytes that came, where the server gives no parts, so that a reader can go back a little. */
  #last = { position: 0, bytes: new Uint8Array() };
  #isNew = true;

  constructor(name: string, remote: Remote, { wait = SHORTEST_WAIT }: JournalUrlOptions) {
    this.name = name;
    this.#remote = remote;
    this.#shortest = wait;
    this.#wait = wait;
  }

  async size(): Promise<number> {
    const before = this.#remote.size!;
    if (!this.#isNew && this.#remote.givesParts) await this.#remote.refresh();
    this.#isNew = false;
    if (this.#remote.size !== before) this.#wait = this.#shortest;
    return this.#remote.size!;
  }

  async readAt(position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, this.#remote.size! - position);
    if (wanted <= 0) return new Uint8Array();
    return this.#remote.givesParts ? this.#read(position, wanted) : this.#readOn(position, wanted);
  }

  async changed(signal: AbortSignal): Promise<void> {
    if (!this.#remote.givesParts) {
      throw new SealError(
        "io",
        `${this.name} cannot be followed: the server gives no parts of files (it ignores Range)`,
      );
    }
    await sleep(this.#wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    this.#wait = Math.min(LONGEST_WAIT, 2 * this.#wait);
  }

  async close(): Promise<void> {
    await this.#stretch?.source.close();
    this.#remote.close();
  }

  async #read(position: number, length: number): Promise<Uint8Array> {
    const goesOn = this.#stretch?.position === position && position + length <= this.#stretch.end;
    if (!goesOn) await this.#begin(position, length < STRETCH ? position + length : this.#remote.size!);
    const bytes = await this.#stretch!.source.read(length);
    this.#stretch!.position += bytes.length;
    return bytes;
  }

  /** A server that gives no parts gives everything, of which what is before the position is passed over. */
  async #readOn(position: number, length: number): Promise<Uint8Array> {
    if (!this.#stretch) await this.#begin(0, this.#remote.size!);
    const { source } = this.#stretch!;
    const { position: from, bytes: last } = this.#last;
    if (position < from) {
      throw new SealError("io", `cannot read ${this.name}: the server gives no parts of files (it ignores Range)`);
    }
    const held = last.subarray(position - from, position - from + length);
    const reached = from + last.length;
    if (position > reached) await source.skipTo(position);
    const bytes = concat(held, await source.read(length - held.length));
    if (position + bytes.length >= reached) this.#last = { position, bytes };
    return bytes;
  }

  async #begin(first: number, end: number): Promise<void> {
    await this.#stretch?.source.close();
    this.#stretch = { source: streamSource(this.#remote.download(first, end), this.name), position: first, end };
  }
}
