// A listening socket beside what is locked answers only while the process lives that made it: the kernel says so,
// across the namespaces of containers. Its name is short, and it is reached by way of an open directory, as an address
// has room for little more than a hundred bytes.

import { chmodSync, constants, openSync, unlinkSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { closeRead } from "../files.js";
import { net } from "../lazy.js";
import { discard } from "../leftovers.js";

/** What the address of a socket has room for, everywhere. */
const MAX_ADDRESS = 100;
/** Milliseconds after which a process that neither answers nor refuses is one that lives. */
const PATIENCE = 2000;

export type HolderAnswer = "lives" | "dead" | "unknown";

export function socketName(id: string): string {
  return `.seal-${id}.lock`;
}

/** Makes the socket; what removes it. Null where the system or the file system has none. */
export async function listen(directory: string, id: string): Promise<(() => void) | null> {
  const { createServer } = net();
  const path = join(directory, socketName(id));
  const server = createServer((connection) => connection.destroy()).unref();
  const address = new Address(directory, id);
  const isListening = address.path !== null && (await listening(server, address.path));
  address.close();
  if (!isListening) return null;
  server.on("error", () => undefined);
  const close = () => {
    server.close();
    discard(path);
  };
  try {
    chmodSync(path, 0o600);
    return close;
  } catch {
    close();
    return null;
  }
}

function listening(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ path, exclusive: true }, () => resolve(true));
  });
}

/** Whether the process lives that made the socket, which must have been one under this kernel. */
export async function ask(directory: string, id: string): Promise<HolderAnswer> {
  const { connect } = net();
  const address = new Address(directory, id);
  if (address.path === null) return "unknown";
  const path = address.path;
  const answer = await new Promise<HolderAnswer>((resolve) => {
    const socket = connect({ path, timeout: PATIENCE });
    const done = (what: HolderAnswer) => {
      socket.destroy();
      resolve(what);
    };
    socket.once("connect", () => done("lives")).once("timeout", () => done("lives"));
    socket.once("error", ({ code }: NodeJS.ErrnoException) => done(ANSWERS[code ?? ""] ?? "unknown"));
  });
  address.close();
  return answer;
}

/** Who may not ask is not told that nobody is there; who is kept waiting asks somebody. */
const ANSWERS: Readonly<Record<string, HolderAnswer>> = {
  ECONNREFUSED: "dead",
  EACCES: "lives",
  EPERM: "lives",
  EAGAIN: "lives",
  ECONNRESET: "lives",
};

/** Removes the socket of a process that is gone. */
export function removeSocket(directory: string, id: string): void {
  try {
    unlinkSync(join(directory, socketName(id)));
  } catch {
    // Without a process behind it, it says nothing.
  }
}

/** How the socket is reached; null where it cannot be. */
class Address {
  readonly path: string | null;
  #fd: number | null = null;

  constructor(directory: string, id: string) {
    const direct = join(directory, socketName(id));
    this.path = Buffer.byteLength(direct) <= MAX_ADDRESS ? direct : null;
    if (process.platform === "win32") this.path = null;
    if (process.platform !== "linux" || this.path !== null) return;
    try {
      this.#fd = openSync(directory, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
      this.path = `/proc/self/fd/${this.#fd}/${socketName(id)}`;
    } catch {
      this.path = null;
    }
  }

  close(): void {
    if (this.#fd !== null) closeRead(this.#fd);
    this.#fd = null;
  }
}
