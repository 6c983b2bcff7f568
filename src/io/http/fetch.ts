// Requests by fetch, as browsers have it: redirects and certificates are the browser's, and so is what a page may read.

import { SealError } from "../../errors.js";
import {
  type Answer,
  type AnswerHeaders,
  CREDENTIALS_HINT,
  type HttpClient,
  HttpFault,
  type HttpHeader,
  type HttpOptions,
  OURS,
  PASSING_STATUS,
  PATIENCE,
  type Patience,
  wishOf,
} from "./client.js";
import { basicAuth } from "./url.js";

/** Throws `usage`, without repeating the value. */
export function fetchHeader(line: string): HttpHeader {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon)).trim();
  const value = line.slice(colon + 1).trim();
  try {
    new Headers([[name, value]]);
  } catch {
    throw new SealError("usage", "a header is not of the form 'Name: value'");
  }
  if (OURS.test(name)) throw new SealError("usage", `the header ${name} cannot be set`);
  return [name, value];
}

/** What another origin must not be asked for without leave, and is not needed: versions are compared anyway. */
const NOT_ACROSS = new Set(["if-range", "cache-control"]);

export class FetchClient implements HttpClient {
  readonly patience: Patience;
  /** What is asked for by Range is not compressed on the way. */
  readonly alwaysRanged = true;
  readonly #url: string;
  readonly #isOwn: boolean;
  readonly #headers: readonly HttpHeader[];
  readonly #options: HttpOptions;
  readonly #open = new Set<AbortController>();

  constructor(url: URL, options: HttpOptions) {
    this.#options = options;
    this.patience = { ...PATIENCE, ...options.patience };
    const auth = basicAuth(url);
    this.#headers = [...(auth ? [["Authorization", auth] as const] : []), ...(options.headers ?? [])];
    const asked = new URL(url);
    asked.username = "";
    asked.password = "";
    this.#url = asked.href;
    this.#isOwn = (globalThis as { location?: { origin: string } }).location?.origin === url.origin;
  }

  async get(headers: Readonly<Record<string, string>>): Promise<Answer> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const over = () => {
      signal?.removeEventListener("abort", abort);
      this.#open.delete(controller);
    };
    this.#open.add(controller);
    try {
      const response = await this.#ask(headers, controller);
      return new FetchAnswer(response, controller, over);
    } catch (error) {
      over();
      throw error;
    }
  }

  faultOf(error: unknown): HttpFault {
    if (error instanceof HttpFault) return error;
    // So fetch reports whatever has failed on the network, and what a page is not allowed to read.
    if (!(error instanceof TypeError)) throw error;
    const hint = this.#isOwn ? undefined : "The server must allow this page to read the file (CORS).";
    return new HttpFault("the connection failed", { network: true, cause: error, ...(hint && { hint }) });
  }

  close(): void {
    for (const controller of this.#open) controller.abort(new HttpFault("it is closed"));
  }

  async #ask(headers: Readonly<Record<string, string>>, controller: AbortController): Promise<Response> {
    const fault = new HttpFault("the server does not answer", { again: true });
    const timer = setTimeout(() => controller.abort(fault), this.patience.stall);
    try {
      const request = {
        headers: this.#sent(headers),
        // What is the caller's goes to no other origin, and a browser tells nobody where a redirect leads.
        redirect: this.#headers.length > 0 ? ("error" as const) : ("follow" as const),
        cache: "no-store" as const,
        referrerPolicy: "no-referrer" as const,
        signal: controller.signal,
      };
      const response = await fetch(this.#url, request);
      if (![200, 206, 416].includes(response.status)) throw refusalOf(response, controller);
      return response;
    } finally {
      clearTimeout(timer);
    }
  }

  #sent(headers: Readonly<Record<string, string>>): [string, string][] {
    const ours = Object.entries(headers).filter(([name]) => this.#isOwn || !NOT_ACROSS.has(name.toLowerCase()));
    return [...ours, ...this.#headers.map(([name, value]): [string, string] => [name, value])];
  }
}

/** By its number alone: the words beside it are the server's own, and may say anything. */
function refusalOf({ status, headers }: Response, controller: AbortController): HttpFault {
  const hint = status === 401 ? CREDENTIALS_HINT : undefined;
  const fault = new HttpFault(`the server answered ${status}`, {
    again: PASSING_STATUS.has(status),
    status,
    wish: wishOf(headers.get("retry-after")),
    ...(hint && { hint }),
  });
  controller.abort(fault);
  return fault;
}

const READ = ["content-encoding", "content-length", "content-range", "date", "etag", "last-modified"] as const;

class FetchAnswer implements Answer {
  readonly statusCode: number;
  readonly headers: AnswerHeaders;
  readonly #response: Response;
  readonly #controller: AbortController;
  readonly #over: () => void;

  constructor(response: Response, controller: AbortController, over: () => void) {
    this.#response = response;
    this.#controller = controller;
    this.#over = over;
    this.statusCode = response.status;
    this.headers = Object.fromEntries(READ.map((name) => [name, response.headers.get(name) ?? undefined]));
  }

  destroy(error?: Error): void {
    this.#over();
    this.#controller.abort(error ?? new HttpFault("it is not read any more"));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    const reader = this.#response.body?.getReader();
    if (!reader) return;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      this.#over();
      reader.releaseLock();
    }
  }
}
