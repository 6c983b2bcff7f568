// A web server on 127.0.0.1 that serves one file, well or badly, and a proxy.

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Asked {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

export interface Site {
  readonly url: string;
  readonly port: number;
  readonly asked: Asked[];
  /** Bytes of body that were given to sockets. */
  served: number;
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, site: Site) => void;

export async function site(handler: Handler, tls?: { key: Buffer; cert: Buffer }): Promise<Site> {
  const listener: RequestListener = (request, response) => {
    self.asked.push({ url: request.url!, headers: request.headers });
    response.on("error", () => undefined);
    handler(request, response, self);
  };
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on("clientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const self: Site = {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    asked: [],
    served: 0,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return self;
}

/** What a server does badly. Lists are for each request in turn; after their end all is well. */
export interface Manners {
  /** Bytes of body after which the connection is cut. */
  readonly drops?: readonly (number | undefined)[];
  /** Cut by a reset, which takes along what is still on its way, as when a machine crashes. */
  readonly resets?: boolean;
  /** As `drops`, but it only stops sending. */
  readonly stalls?: readonly (number | undefined)[];
  /** An answer without a file. */
  readonly statuses?: readonly (number | undefined)[];
  readonly ignoresRange?: boolean;
  readonly headers?: (turn: number) => Record<string, string | undefined>;
  readonly body?: (turn: number) => Uint8Array;
  /** No Content-Length, so the body comes chunked. */
  readonly chunked?: boolean;
  /** What Content-Length says beyond the truth. */
  readonly lie?: number;
  /** Milliseconds before each piece. */
  readonly pause?: number;
  /** Bytes of each piece, 16 KiB by default. */
  readonly piece?: number;
}

/** Serves `bytes` with Range, If-Range and ETag, as a good server does, but for its manners. */
export function serving(bytes: Uint8Array, manners: Manners = {}): Handler {
  let count = 0;
  return async (request, response, site) => {
    const turn = count++;
    const status = manners.statuses?.[turn];
    if (status) return void response.writeHead(status).end();
    const body = manners.body?.(turn) ?? bytes;
    const headers: Record<string, string | undefined> = { etag: '"one"', ...manners.headers?.(turn) };
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const valid = !request.headers["if-range"] || request.headers["if-range"] === headers.etag;
    const ranged = from !== undefined && valid && !manners.ignoresRange;
    const start = ranged ? Number(from) : 0;
    const end = ranged && to ? Math.min(Number(to) + 1, body.length) : body.length;
    if (ranged && start >= body.length) {
      return void response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
    }
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
    if (ranged) response.setHeader("content-range", `bytes ${start}-${end - 1}/${body.length}`);
    if (!manners.chunked && !response.hasHeader("content-length")) {
      response.setHeader("content-length", end - start + (manners.lie ?? 0));
    }
    response.writeHead(ranged ? 206 : 200);
    const limit = manners.drops?.[turn] ?? manners.stalls?.[turn];
    const shown = body.subarray(start, limit === undefined ? end : Math.min(end, start + limit));
    await send(response, shown, site, manners);
    if (manners.drops?.[turn] !== undefined) {
      return void (manners.resets ? response.socket?.resetAndDestroy() : response.destroy());
    }
    if (manners.stalls?.[turn] === undefined && !manners.lie) response.end();
  };
}

async function send(
  response: ServerResponse,
  bytes: Uint8Array,
  site: Site,
  { pause = 0, piece: size = 16384 }: Manners,
): Promise<void> {
  response.flushHeaders();
  const gone = new Promise((resolve) => response.once("close", resolve));
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    const piece = bytes.subarray(at, at + size);
    if (pause) await sleep(pause);
    site.served += piece.length;
    if (!response.write(piece)) {
      await Promise.race([new Promise((resolve) => response.once("drain", resolve)), gone]);
    }
  }
  // What was written has to leave before the connection is cut.
  await sleep(5);
}

export interface Proxy extends Site {
  /** What was asked to be connected to. */
  readonly tunnels: string[];
}

export interface ProxyOptions {
  /** Only for those who give it. */
  readonly password?: string;
  /** Ports on this machine that stand for a host and port. */
  readonly hosts?: Readonly<Record<string, number>>;
}

/** A proxy that tunnels by CONNECT and forwards http. */
export async function proxy({ password, hosts = {} }: ProxyOptions = {}): Promise<Proxy> {
  const asked: Asked[] = [];
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const isRefused = (given: string | undefined) =>
    password !== undefined && given !== `Basic ${Buffer.from(password).toString("base64")}`;
  const server = createServer(async (request, response) => {
    asked.push({ url: request.url!, headers: request.headers });
    if (isRefused(request.headers["proxy-authorization"])) return void response.writeHead(407).end();
    const answer = await fetch(request.url!);
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  });
  server.on("connect", (request, socket: Socket) => {
    socket.on("error", () => undefined);
    if (isRefused(request.headers["proxy-authorization"])) return void socket.end("HTTP/1.1 407 No\r\n\r\n");
    tunnels.push(request.url!);
    const local = hosts[request.url!];
    const [host, port] = local ? ["127.0.0.1", local] : request.url!.split(":");
    const target = connect(Number(port), host as string, () => {
      socket.write("HTTP/1.1 200 Go on\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
    for (const end of [socket, target]) sockets.add(end);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, port, asked, served: 0, tunnels, close };
}
