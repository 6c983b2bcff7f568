// Node's HTTP parser reads what arrives on any connection into one memory, of 64 KiB, that all connections of a process
// share (node_http_parser.cc, parser_buffer), and leaves it there until something as long arrives. On a quiet service
// that can be hours; so the service sends itself zeros.

import { createServer } from "node:http";
import { connect, createServer as createListener, type Socket } from "node:net";

/** Several times the parser's memory: what is read at once is then as much as that holds. */
const ZEROS = Buffer.alloc(256 * 1024);
const HEAD = Buffer.from(`POST / HTTP/1.1\r\nHost: scrub\r\nContent-Length: ${ZEROS.length}\r\n\r\n`);
const REQUEST = Buffer.concat([HEAD, ZEROS]);

export class Scrubber {
  #socket: Promise<Socket> | null = null;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  /** Resolves when what had been read before the call is overwritten. All who call meanwhile share the next turn. */
  scrub(): Promise<void> {
    const go = () => {
      this.#next = null;
      this.#running = this.#once();
      return this.#running;
    };
    this.#next ??= this.#running.then(go, go);
    return this.#next;
  }

  /** On a connection that may have been lost since; then on a new one. */
  async #once(): Promise<void> {
    const isNew = this.#socket === null;
    this.#socket ??= loop();
    try {
      await overwrite(await this.#socket);
    } catch (error) {
      this.#socket = null;
      if (isNew) throw error;
      await this.#once();
    }
  }
}

async function overwrite(socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const lost = () => reject(new Error("the connection on which memory is overwritten was closed"));
    socket.once("close", lost);
    socket.once("data", () => {
      socket.off("close", lost);
      resolve();
    });
    socket.ref().write(REQUEST);
  });
  socket.unref();
}

/** A connection to an HTTP server of this process, which nobody else can reach: it listens to nothing. */
async function loop(): Promise<Socket> {
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
    request.resume().once("end", () => response.end());
  });
  const listener = createListener();
  await new Promise<void>((resolve, reject) => listener.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  const socket = connect(port, "127.0.0.1");
  const accepted = await new Promise<Socket>((resolve, reject) => {
    socket.once("error", reject);
    listener.on("connection", (other) => {
      if (other.remotePort === socket.localPort) resolve(other);
      else other.destroy();
    });
  });
  listener.close();
  // That it failed is told by its end.
  for (const end of [socket, accepted]) end.on("error", () => end.destroy());
  server.emit("connection", accepted.unref());
  return socket;
}
