// What asks for files on servers, on whatever platform: Node's requests, or a browser's fetch.

export type HttpHeader = readonly [name: string, value: string];

export interface HttpOptions {
  /** Sent to the address that was given, and to no other origin. */
  readonly headers?: readonly HttpHeader[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told when a connection broke and resumes. */
  readonly note?: ((text: string) => void) | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

/** Milliseconds, and how many attempts in a row may bring nothing. */
export interface Patience {
  /** Until a connection stands. */
  readonly connect: number;
  /** Until an answer begins; then, of waiting for each further `least` bytes. */
  readonly stall: number;
  /** What a server must send within that time: one that sends less is not slow, it stalls. */
  readonly least: number;
  readonly attempts: number;
  /** Before the second attempt; twice as long before each further one. */
  readonly delay: number;
}

export const PATIENCE: Patience = { connect: 30_000, stall: 60_000, least: 6000, attempts: 8, delay: 250 };
/** Why a request brought no usable answer, and whether asking again may. */
export class HttpFault extends Error {
  readonly again: boolean;
  /** The network's fault, nobody's answer: worth another attempt where it has worked before. */
  readonly network: boolean;
  readonly status: number | null;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly wish: number;
  readonly hint: string | undefined;

  constructor(
    message: string,
    details: {
      again?: boolean;
      network?: boolean;
      status?: number;
      wish?: number;
      hint?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.again = details.again ?? false;
    this.network = details.network ?? false;
    this.status = details.status ?? null;
    this.wish = details.wish ?? 0;
    this.hint = details.hint;
  }
}

/** What comes back: it is read once, or destroyed. */
export interface Answer extends AsyncIterable<Uint8Array> {
  readonly statusCode?: number | undefined;
  /** By their names in small letters, as far as they are known. */
  readonly headers: AnswerHeaders;
  /** Reading it throws the error then. */
  destroy(error?: Error): unknown;
}

export type AnswerHeaders = Readonly<
  Partial<
    Record<
      "content-encoding" | "content-length" | "content-range" | "date" | "etag" | "last-modified",
      string | undefined
    >
  >
>;

export interface HttpClient {
  readonly patience: Patience;
  /** Whether it asks for files from byte 0 on, instead of for all of them: a browser decompresses what comes else. */
  readonly alwaysRanged: boolean;
  /**
   * The answer to a GET. Throws `HttpFault` for all but 200, 206 and 416; what `faultOf` knows; the signal's reason.
   */
  get(headers: Readonly<Record<string, string>>): Promise<Answer>;
  /** A failure of the connection, in words. Throws what is none. */
  faultOf(error: unknown): HttpFault;
  close(): void;
}

/** Refusals that may pass by themselves. */
export const PASSING_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export const CREDENTIALS_HINT =
  "It asks for credentials: an Authorization header, or user name and password in the address.";

/** How long a server asks to be left alone, in milliseconds: Retry-After. */
export function wishOf(retryAfter: string | null | undefined): number {
  return /^\d{1,4}$/.test(retryAfter ?? "") ? 1000 * Number(retryAfter) : 0;
}

/** What of a request is ours to say. */
export const OURS =
  /^(range|if-range|accept-encoding|connection|content-length|transfer-encoding|upgrade|te|trailer)$/i;
