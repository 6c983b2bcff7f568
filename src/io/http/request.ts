// One HTTP request at a time: connection, redirects, credentials, patience. What its answer means for a file is
// remote.ts's.

import {
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { urlToHttpOptions } from "node:url";
import { SealError } from "../../errors.js";
import {
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
import { ProxyError, proxyFor, tunnelAgent } from "./proxy.js";
import { basicAuth } from "./url.js";
import { certificateWords, connectionWords } from "./words.js";

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** `Name: value`. Throws `usage`, without repeating the value. */
export function parseHttpHeader(line: string): HttpHeader {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(0, colon)).trim();
  const value = line.slice(colon + 1).trim();
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new SealError("usage", "a header is not of the form 'Name: value'");
  }
  if (OURS.test(name)) throw new SealError("usage", `the header ${name} cannot be set`);
  return [name, value];
}

export class Client implements HttpClient {
  readonly alwaysRanged = false;
  readonly faultOf = connectionFault;
  readonly patience: Patience;
  readonly #start: URL;
  readonly #options: HttpOptions;
  readonly #agents = new Map<string, HttpAgent>();
  #closed = false;
  /** Where redirects have led; asked directly from then on. */
  #current: URL;

  constructor(url: URL, options: HttpOptions) {
    this.#start = url;
    this.#current = url;
    this.#options = options;
    this.patience = { ...PATIENCE, ...options.patience };
  }

  /**
   * The answer to a GET, whose body is to be read or destroyed. Throws `HttpFault` for all but 200, 206 and 416; the
   * signal's reason.
   */
  async get(headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    let url = this.#current;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await this.#ask(url, headers);
      const status = response.statusCode!;
      if ([200, 206, 416].includes(status)) {
        this.#current = url;
        return response;
      }
      response.destroy();
      if (!REDIRECTS.has(status)) throw this.#refusal(response, url);
      url = redirected(url, response.headers.location);
    }
    throw new HttpFault(`more than ${MAX_REDIRECTS} redirects`);
  }

  close(): void {
    this.#closed = true;
    for (const agent of this.#agents.values()) agent.destroy();
  }

  /** An address that came from a redirect may have expired: then the first one is asked again. */
  #refusal({ statusCode: status = 0, headers }: IncomingMessage, url: URL): HttpFault {
    const expired = status >= 400 && status < 500 && url.href === this.#current.href && url.href !== this.#start.href;
    if (expired) this.#current = this.#start;
    const again = expired || PASSING_STATUS.has(status);
    const wish = wishOf(headers["retry-after"]);
    const words = STATUS_CODES[status] ? ` (${STATUS_CODES[status]})` : "";
    const hint = HINTS[status];
    return new HttpFault(`the server answered ${status}${words}`, { again, status, wish, ...(hint && { hint }) });
  }

  #ask(url: URL, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    if (this.#closed) throw new HttpFault("it is closed");
    const { secure, options } = this.#route(url, headers);
    const request = secure ? requestHttps(options) : requestHttp(options);
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const limit = (time: number, what: string) => {
        clearTimeout(timer);
        timer = setTimeout(() => request.destroy(new HttpFault(what, { again: true })), time);
      };
      const connected = () => limit(this.patience.stall, "the server does not answer");
      const abort = () => request.destroy();
      const settled = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      limit(this.patience.connect, "connecting took too long");
      signal?.addEventListener("abort", abort, { once: true });
      request.once("socket", (socket) => {
        if (request.reusedSocket) connected();
        else socket.once(secure ? "secureConnect" : "connect", connected);
      });
      request.once("response", (response) => {
        settled();
        resolve(response);
      });
      // After the answer has begun, what happens to the connection is an error of the answer.
      request.on("error", (error) => {
        settled();
        reject(signal?.aborted ? signal.reason : connectionFault(error));
      });
      request.end();
    });
  }

  /** How a URL is asked: directly, through a tunnel, or, for http, by asking a proxy for the whole address. */
  #route(url: URL, headers: Readonly<Record<string, string>>): { secure: boolean; options: RequestOptions } {
    const { auth: _, ...target } = urlToHttpOptions(url);
    const proxy = proxyFor(url, process.env);
    const sent = this.#headers(url, headers);
    if (url.protocol === "https:") {
      const make = () => (proxy ? tunnelAgent(proxy, AGENT, this.patience.connect) : new HttpsAgent(AGENT));
      return { secure: true, options: { ...target, headers: sent, agent: this.#agent(url, make) } };
    }
    if (!proxy) {
      return {
        secure: false,
        options: { ...target, headers: sent, agent: this.#agent(url, () => new HttpAgent(AGENT)) },
      };
    }
    const secure = proxy.protocol === "https:";
    const auth = basicAuth(proxy);
    if (auth) setHeader(sent, "Proxy-Authorization", auth);
    sent.Host ??= url.host;
    const { hostname, protocol, port } = urlToHttpOptions(proxy);
    const path = url.origin + url.pathname + url.search;
    const agent = this.#agent(proxy, () => (secure ? new HttpsAgent(AGENT) : new HttpAgent(AGENT)));
    return { secure, options: { hostname, protocol, port, path, headers: sent, agent } as RequestOptions };
  }

  #headers(url: URL, headers: Readonly<Record<string, string>>): Record<string, string> {
    const all = { "User-Agent": "seal", Accept: "*/*", "Accept-Encoding": "identity", ...headers };
    if (url.origin !== this.#start.origin) return all;
    const auth = basicAuth(this.#start);
    if (auth) setHeader(all, "Authorization", auth);
    for (const [name, value] of this.#options.headers ?? []) setHeader(all, name, value);
    return all;
  }

  #agent(url: URL, make: () => HttpAgent): HttpAgent {
    const agent = this.#agents.get(url.origin) ?? make();
    this.#agents.set(url.origin, agent);
    return agent;
  }
}

/** Said here, so that NODE_TLS_REJECT_UNAUTHORIZED does not count. */
const AGENT = { keepAlive: true, rejectUnauthorized: true };

function setHeader(headers: Record<string, string>, name: string, value: string): void {
  const known = Object.keys(headers).find((other) => other.toLowerCase() === name.toLowerCase());
  headers[known ?? (/^host$/i.test(name) ? "Host" : name)] = value;
}

const HINTS: Readonly<Record<number, string>> = {
  401: CREDENTIALS_HINT,
  407: "The proxy asks for credentials: user name and password in HTTPS_PROXY.",
};

/** Throws `HttpFault` for where a redirect must not lead. */
function redirected(from: URL, location: string | undefined): URL {
  if (!location || !URL.canParse(location, from.href)) throw new HttpFault("a redirect that leads nowhere");
  const to = new URL(location, from);
  if (from.protocol === "https:" && to.protocol !== "https:") {
    throw new HttpFault("a redirect from https to something else, which is not followed");
  }
  if (!["http:", "https:"].includes(to.protocol)) throw new HttpFault("a redirect to something else than http");
  return to;
}

/** Of failures before any byte has arrived, only these pass by themselves. */
const PASSING = new Set(["ECONNRESET", "ECONNABORTED", "ETIMEDOUT", "EPIPE", "EAI_AGAIN"]);

/** A failure of the connection, in words. */
export function connectionFault(error: unknown): HttpFault {
  if (error instanceof HttpFault) return error;
  if (error instanceof ProxyError) {
    const { message, status } = error;
    const hint = status === null ? undefined : HINTS[status];
    return new HttpFault(message, {
      again: (status ?? 0) >= 500,
      network: status === null,
      cause: error,
      ...(hint && { hint }),
    });
  }
  const { code } = error as NodeJS.ErrnoException;
  // What the network does has a code, of Node's.
  if (!code || error instanceof SealError) throw error;
  const certificate = certificateWords(code);
  if (certificate) {
    return new HttpFault(`the server's certificate is not accepted: ${certificate}`, {
      hint: "To trust your own certificate authority, name its file in NODE_EXTRA_CA_CERTS.",
      cause: error,
    });
  }
  return new HttpFault(connectionWords(code), {
    again: PASSING.has(code),
    network: true,
    cause: error,
  });
}
