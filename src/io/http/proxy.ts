// Proxies: which one, and the way through it. https goes through a CONNECT tunnel, so the proxy sees no more than the
// host's name.

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { type AgentOptions, Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { SealError } from "../../errors.js";
import { basicAuth } from "./url.js";
import { certificateWords, connectionWords } from "./words.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that the environment names for an address; null where it is to be asked directly. Throws `usage`. */
export function proxyFor(url: URL, env: Environment): URL | null {
  // In a CGI program, HTTP_PROXY is the header "Proxy" that a client has sent.
  const upper = url.protocol === "https:" ? env.HTTPS_PROXY : env.REQUEST_METHOD ? undefined : env.HTTP_PROXY;
  const named = (url.protocol === "https:" ? env.https_proxy : env.http_proxy) || upper;
  if (!named || isExempt(url, env.no_proxy || env.NO_PROXY || "")) return null;
  const text = named.includes("://") ? named : `http://${named}`;
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
  throw new SealError("usage", "the proxy in the environment is not a valid http or https address", {
    hint: "See HTTPS_PROXY and HTTP_PROXY.",
  });
}

/** NO_PROXY: `*`, or hosts, each with all that is below it, separated by commas; a port may stand behind. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.toLowerCase();
  const port = portOf(url);
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, name, onPort] = /^(?:\*?\.)?(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (!name || (onPort && onPort !== port)) return false;
    return host === name || host === `[${name}]` || host.endsWith(`.${name}`);
  });
}

export function portOf({ port, protocol }: URL): string {
  return port || (protocol === "https:" ? "443" : "80");
}

export function tunnelAgent(proxy: URL, options: AgentOptions, limit: number): HttpsAgent {
  const agent = new HttpsAgent(options);
  type Done = (error: Error | null, socket?: Duplex) => void;
  const createConnection = (target: { host: string; port: number; servername?: string }, done: Done) => {
    tunnel(proxy, target, limit).then(
      (socket) => done(null, connectTls({ ...options, ...target, socket } as object) satisfies TLSSocket),
      (error) => done(error),
    );
    // The agent waits for the callback.
    return undefined as unknown as Duplex;
  };
  return Object.assign(agent, { createConnection: createConnection as unknown as HttpsAgent["createConnection"] });
}

/** What stands in the way of a tunnel; `status` is the proxy's answer, where it gave one. */
export class ProxyError extends Error {
  readonly status: number | null;

  constructor(message: string, status: number | null, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

function tunnel(proxy: URL, { host, port }: { host: string; port: number }, limit: number): Promise<Duplex> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const auth = basicAuth(proxy);
  const request = (proxy.protocol === "https:" ? requestHttps : requestHttp)({
    method: "CONNECT",
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: portOf(proxy),
    path: authority,
    headers: { Host: authority, ...(auth && { "Proxy-Authorization": auth }) },
    agent: proxy.protocol === "https:" ? new HttpsAgent({ rejectUnauthorized: true }) : new HttpAgent(),
  });
  return new Promise((resolve, reject) => {
    const refuse = (reason: string, status: number | null, cause?: unknown) =>
      reject(new ProxyError(`the proxy ${proxy.host} ${reason}`, status, cause));
    const timer = setTimeout(() => request.destroy(new Error("it does not answer")), limit);
    const settled = () => clearTimeout(timer);
    const answered = ({ statusCode = 0 }: IncomingMessage) => refuse(`answered ${statusCode}`, statusCode);
    request.once("connect", (response, socket: Duplex, head) => {
      settled();
      if (response.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      answered(response);
    });
    request.once("response", (response) => {
      settled();
      request.destroy();
      answered(response);
    });
    request.once("error", (error: NodeJS.ErrnoException) => {
      settled();
      const { code = "" } = error;
      refuse(`cannot be reached: ${certificateWords(code) ?? connectionWords(code)}`, null, error);
    });
    request.end();
  });
}
