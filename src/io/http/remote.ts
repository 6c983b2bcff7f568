// A file on a web server as input. Where the connection breaks it resumes, by Range, at the next byte that is
// missing; nothing that arrived is asked for again, and parts of two versions of a file are not put together.

import type { Source } from "../../flow/io.js";
import { pieceSource, piecesOf } from "../../flow/streams.js";
import {
  type Answer,
  type AnswerHeaders,
  type HttpClient,
  HttpFault,
  type HttpOptions,
  type Patience,
} from "./client.js";
import { Retry } from "./retry.js";

export interface UrlOptions extends HttpOptions {
  /**
   * Only parts will be read, so that it is not asked for as a whole: "wanted" does with a server that gives no parts,
   * "needed" does not.
   */
  readonly parts?: "wanted" | "needed" | undefined;
  /** Whether it is a file that becomes longer, of which all versions have the same beginning. */
  readonly grows?: boolean | undefined;
}

/** What is asked for first where parts are wanted: most headers are shorter. */
export const FIRST_PART = 64 * 1024;

/** Asks for a file; the answer has begun when this returns. Throws `io`; the signal's reason. */
export async function remoteSource(name: string, client: HttpClient, options: UrlOptions): Promise<Source> {
  const remote = new Remote(name, client, options);
  await remote.begin(options.parts).catch((error) => {
    remote.close();
    throw error;
  });
  const part = (first: number, end: number | null) => pieceSource(piecesOf(remote.download(first, end)), name);
  let current = part(0, null);
  return {
    name,
    size: remote.size,
    fd: null,
    read: (length) => current.read(length),
    fill: (bytes) => current.fill(bytes),
    readAt: async (position, length) => {
      const apart = part(position, position + length);
      const bytes = await apart.read(length);
      await apart.close();
      return bytes;
    },
    skipTo: async (position, end) => {
      if (!remote.givesParts) return current.skipTo(position);
      await current.close();
      current = part(position, end ?? null);
    },
    checkUnchanged: async () => {},
    close: async () => {
      await current.close();
      remote.close();
    },
  };
}

/** What tells one version of a file from another. */
interface Version {
  readonly etag: string | undefined;
  readonly modified: string | undefined;
}

/** A file on a server, of which stretches are asked for. */
export class Remote {
  /** null where the server does not say. */
  size: number | null = null;
  /** Whether the server has shown that it gives parts. */
  givesParts = false;
  readonly #name: string;
  readonly #client: HttpClient;
  readonly #options: UrlOptions;
  #version: Version | null = null;
  /** For If-Range: what only this version has. */
  #validator: string | null = null;
  /** An answer from byte 0 on that nobody has read yet. */
  #begun: Answer | null = null;

  constructor(name: string, client: HttpClient, options: UrlOptions) {
    this.#name = name;
    this.#client = client;
    this.#options = options;
  }

  close(): void {
    this.#begun?.destroy();
    this.#client.close();
  }

  /** The first request, from which size and version are known. */
  async begin(parts: UrlOptions["parts"]): Promise<void> {
    const retry = this.#retry();
    while (!this.#begun) {
      try {
        this.#begun = await this.#ask(0, parts ? FIRST_PART : null);
      } catch (error) {
        if (error instanceof NothingThere) return;
        await retry.after(error, null);
      }
    }
    if (parts === "needed" && !this.givesParts) await retry.after(new HttpFault(NO_PARTS), null);
    if (parts && !this.givesParts && !this.#options.grows) this.size = null;
  }

  /** Asks for the last byte, to learn how long a file that grows is now. */
  async refresh(): Promise<void> {
    const last = Math.max(0, this.size! - 1);
    const retry = this.#retry();
    for (;;) {
      try {
        (await this.#ask(last, last + 1)).destroy();
        return;
      } catch (error) {
        if (error instanceof NothingThere) return;
        await retry.after(error, last);
      }
    }
  }

  /** The bytes from `first` to before `end` (null: to the end of the file), across broken connections. */
  async *download(first: number, end: number | null): AsyncGenerator<Uint8Array, void> {
    let position = first;
    const retry = this.#retry();
    const due = () => (end === null || this.size === null ? (end ?? this.size) : Math.min(end, this.size));
    for (let done = false; !done; ) {
      if (position >= (due() ?? Number.POSITIVE_INFINITY)) return;
      const from = position;
      let response: Answer | undefined;
      try {
        response = this.#takeBegun(position) ?? (await this.#ask(position, end));
        for await (const piece of steadily(response, this.#client.patience)) {
          if (position + piece.length > (due() ?? Number.POSITIVE_INFINITY))
            throw new HttpFault("the server sent more bytes than it announced");
          position += piece.length;
          retry.progress(piece.length);
          yield piece;
        }
        done = due() === null;
        // A part that is shorter than what was asked for is no fault.
        if (!done && position === from) throw new HttpFault("the answer is empty", { again: true });
      } catch (error) {
        if (error instanceof NothingThere) return;
        await retry.after(error, position);
      } finally {
        response?.destroy();
      }
    }
  }

  #retry(): Retry {
    return new Retry(this.#name, this.#client, this.#options);
  }

  #takeBegun(position: number): Answer | null {
    const begun = this.#begun;
    this.#begun = null;
    if (position === 0) return begun;
    begun?.destroy();
    return null;
  }

  /** The answer that begins at `first`: of the same version as those before. Throws `HttpFault`. */
  async #ask(first: number, end: number | null): Promise<Answer> {
    const ranged = first > 0 || end !== null || this.#client.alwaysRanged;
    const response = await this.#client.get({
      ...(ranged && { Range: `bytes=${first}-${end === null ? "" : end - 1}` }),
      ...(ranged && this.#validator && { "If-Range": this.#validator }),
      ...(this.#options.grows && { "Cache-Control": "no-cache" }),
    });
    try {
      this.#check(response, first, ranged);
      return response;
    } catch (error) {
      response.destroy();
      throw error;
    }
  }

  #check(response: Answer, first: number, ranged: boolean): void {
    const { statusCode: status, headers } = response;
    if (COMPRESSED.test(headers["content-encoding"] ?? ""))
      throw new HttpFault("the server compresses the file, which must come as it is");
    if (status === 206 && !ranged) throw new HttpFault("the server sent a part, though all of it was requested");
    if (status === 416) throw this.#notThere(headers);
    const { start, total } = status === 206 ? contentRange(headers) : { start: 0, total: contentLength(headers) };
    const version = { etag: headers.etag, modified: headers["last-modified"] };
    const { grows } = this.#options;
    if (!grows && this.#version && (differs(this.#version, version) || differsInSize(this.size, total)))
      throw new HttpFault(CHANGED);
    if (start !== first && !(status === 200 && !this.#version))
      throw new HttpFault(status === 200 ? NO_PARTS : "the server sent another part than was requested");
    this.size = grows ? (total ?? this.size) : (this.size ?? total);
    if (this.#version) return;
    this.#version = version;
    this.#validator = grows ? null : strongValidator(version, headers.date);
    this.givesParts = status === 206;
  }

  /** What 416 means: of a file that grows, that it ends before what was asked for. */
  #notThere(headers: AnswerHeaders): HttpFault {
    const [, total] = /^bytes \*\/(\d{1,15})$/i.exec(headers["content-range"] ?? "") ?? [];
    // What has no byte has none from byte 0 on.
    const isEmpty = this.#client.alwaysRanged && total === "0" && !this.#version;
    if (!isEmpty && (!this.#options.grows || !total)) {
      return new HttpFault(this.#version ? CHANGED : "the server has no such part of the file");
    }
    this.size = Number(total);
    this.givesParts = true;
    return new NothingThere("there is nothing more");
  }
}

/** A file that grows has nothing, yet, at the byte that was asked for. */
class NothingThere extends HttpFault {}

const CHANGED = "the file on the server has changed";
const NO_PARTS = "the server does not serve parts of files (it ignores Range)";
const COMPRESSED = /gzip|deflate|compress|br\b|zstd/i;

function contentLength(headers: AnswerHeaders): number | null {
  const text = headers["content-length"] ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function contentRange(headers: AnswerHeaders): { start: number; total: number | null } {
  const [, start, , total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(headers["content-range"] ?? "") ?? [];
  if (!start || !total) throw new HttpFault("the server does not say which part it sent");
  return { start: Number(start), total: total === "*" ? null : Number(total) };
}

function differs(before: Version, now: Version): boolean {
  if (before.etag && now.etag) return before.etag !== now.etag;
  return before.modified !== undefined && now.modified !== undefined && before.modified !== now.modified;
}

function differsInSize(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && before !== now;
}

/** A weak ETag, or a file that changed within the second, can stand for two versions (RFC 9110, 8.8). */
function strongValidator({ etag, modified }: Version, date: string | undefined): string | null {
  if (etag) return /^"[^"]*"$/.test(etag) ? etag : null;
  const isOld = modified !== undefined && date !== undefined && Date.parse(date) - Date.parse(modified) >= 1000;
  return isOld ? modified : null;
}

/**
 * The pieces of an answer, as long as `least` bytes come within each `stall` milliseconds of waiting for them: what the
 * reader takes for itself does not count. Throws `HttpFault`.
 */
async function* steadily(response: Answer, { stall, least }: Patience): AsyncGenerator<Uint8Array, void> {
  const pieces: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
  let waited = 0;
  let arrived = 0;
  for (;;) {
    const words = arrived === 0 ? "the server has stopped sending" : "the server sends almost nothing";
    const fault = new HttpFault(words, { again: true });
    const timer = setTimeout(() => response.destroy(fault), Math.max(0, stall - waited));
    const since = performance.now();
    const step = await pieces.next().finally(() => clearTimeout(timer));
    if (step.done) return;
    waited += performance.now() - since;
    arrived += step.value.length;
    if (arrived >= least) waited = arrived = 0;
    yield step.value;
  }
}
