// The programs that the thief comes upon, each in a process of its own, in a folder of its own.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { IS_WHOLE } from "../whole.js";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
export const SEAL = at("../../bin/seal.js");
const INBOX = at("../../inbox/bin/seal-inbox.js");
const LIBRARY = at("library.js");

export type Kind = "classic" | "post-quantum";

/** Of the reader's key: what new identities have, and what older ones had. */
export const KINDS: readonly Kind[] = IS_WHOLE ? ["post-quantum", "classic"] : ["post-quantum"];

/** A folder with the identities of who seals (`writer`) and who opens (`reader`). */
export class Site {
  readonly folder: string;
  readonly writer: string;
  readonly reader: string;
  readonly recipient: string;

  constructor(parent: string, kind: Kind) {
    this.folder = mkdtempSync(join(parent, "site-"));
    this.run(SEAL, "keygen", "-q", "-o", "writer.key");
    const which = kind === "classic" ? ["--classic"] : ["--only", "open"];
    this.run(SEAL, "keygen", "-q", "-o", "reader.key", "--from", "writer.pub", ...which);
    this.writer = this.text("writer.key");
    this.reader = this.text("reader.key");
    this.recipient = /^seal1\S+/m.exec(this.text("reader.pub"))![0];
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, NODE_OPTIONS: "", SEAL_HOME: this.path("home"), SEAL_INBOX_DIR: this.path("box") };
  }

  run(program: string, ...args: string[]): string {
    const stdio: ("pipe" | "inherit")[] = ["pipe", "pipe", "inherit"];
    return execFileSync(process.execPath, [program, ...args], { cwd: this.folder, env: this.#env, stdio }).toString();
  }

  start(program: string, args: readonly string[], env: Record<string, string> = {}): Victim {
    const options = { cwd: this.folder, env: { ...this.#env, ...env } };
    return new Victim(spawn(process.execPath, [program, ...args], { ...options, stdio: ["pipe", "pipe", "pipe"] }));
  }
}

/** A process under way, killed by `end`. */
export class Victim {
  readonly #child: ChildProcess;
  readonly #said: Buffer[] = [];
  readonly #ended: Promise<void>;
  #isOver = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (piece) => this.#said.push(piece));
    this.#ended = new Promise((resolve) => {
      child.once("close", () => {
        this.#isOver = true;
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  write(bytes: Uint8Array | string): void {
    this.#child.stdin!.write(bytes);
  }

  /** What it has written, once that is so. */
  async said(isSo: (text: string) => boolean): Promise<string> {
    for (;;) {
      const text = Buffer.concat(this.#said).toString("latin1");
      if (isSo(text)) return text;
      if (this.#isOver) throw new Error(`the victim ended: ${text}`);
      await setTimeout(5);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

export const record = () => `record ${randomBytes(30).toString("base64url")}`;

/**
 * `seal journal append`, when each of the records is acknowledged: lone ones, in frames of their own, then many
 * together.
 */
export async function appending(site: Site, lone: readonly string[], together: readonly string[]): Promise<Victim> {
  const args = ["journal", "append", "journal", "--to", "reader.pub", "--sign", "writer.key", "--json"];
  const victim = site.start(SEAL, args);
  const acknowledged = (text: string) =>
    [...text.matchAll(/"records":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  for (const [i, line] of lone.entries()) {
    victim.write(`${line}\n`);
    await victim.said((text) => acknowledged(text) > i);
  }
  victim.write(together.map((line) => `${line}\n`).join(""));
  await victim.said((text) => acknowledged(text) === lone.length + together.length);
  return victim;
}

export interface Service {
  readonly victim: Victim;
  /** Resolves with the 201. */
  post(body: string, type?: string): Promise<void>;
  /** The same with lines in a content coding; resolves with the status. */
  postEncoded(body: Uint8Array, encoding: string): Promise<number>;
}

export async function serving(site: Site): Promise<Service> {
  site.run(INBOX, "init", "box");
  site.run(INBOX, "add", "till", "--to", "reader.pub");
  const token = site.run(INBOX, "token", "create", "till", "-q", "--producer", "shop").trim();
  const victim = site.start(INBOX, ["serve", "--sign", "writer.key", "--listen", "127.0.0.1:0"]);
  const address = /listening on (http:\/\/[^"\s]+)/;
  const url = address.exec(await victim.said((text) => address.test(text)))![1];
  const send = async (body: string | Uint8Array, type: string, more = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": type, ...more };
    const init = { method: "POST", headers, body: body as string };
    const { status } = await fetch(`${url}/v1/inboxes/till/records`, init);
    return status;
  };
  const post = async (body: string, type = "text/plain") => {
    const status = await send(body, type);
    if (status !== 201) throw new Error(`status ${status}`);
  };
  const postEncoded: Service["postEncoded"] = (body, encoding) =>
    send(body, "application/x-ndjson", { "content-encoding": encoding });
  return { victim, post, postEncoded };
}

/** A process that has called a function of the library, with what it needs in the folder. */
export async function calling(
  site: Site,
  command:
    | "seal"
    | "sealBytes"
    | "sealMany"
    | "sealCrowd"
    | "sealPassphrase"
    | "open"
    | "openBytes"
    | "openPassphrase"
    | "keep",
): Promise<Victim> {
  const victim = site.start(LIBRARY, [site.folder, command, site.recipient]);
  await victim.said((text) => text.includes("done"));
  return victim;
}

/**
 * `seal` of as many FIFOs as are worked on at a time, and of files behind them, which are done when one of them has
 * ended; and what became of the files. Of many, threads do some.
 */
export async function sealingBeside(
  site: Site,
  files: readonly string[],
): Promise<{ victim: Victim; made: readonly Buffer[] }> {
  const fifos = Array.from({ length: 8 }, (_, i) => `fifo-${i}`);
  execFileSync("mkfifo", fifos, { cwd: site.folder });
  const who = ["--to", "reader.pub", "--sign", "writer.key", "--threads", "2", "-q"];
  const victim = site.start(SEAL, [...fifos, ...files, ...who]);
  // A thread has begun by then.
  await setTimeout(1000);
  writeFileSync(site.path(fifos[0]!), "");
  const sealed = files.map((name) => site.path(`${name}.sealed`));
  while (!sealed.every((path) => existsSync(path))) await setTimeout(50);
  await setTimeout(500);
  return { victim, made: sealed.map((path) => readFileSync(path)) };
}

/** Seals 9 MiB for the reader. */
export function sealLarge(site: Site): void {
  writeFileSync(site.path("large"), randomBytes(9 * 2 ** 20));
  site.run(SEAL, "large", "-o", "made", "--to", "reader.pub", "--sign", "writer.key", "-q");
}

/** `seal --passphrase` of standard input that does not end, when the first chunk is written; and what it wrote. */
export async function sealing(site: Site, passphraseFile: string): Promise<{ victim: Victim; made: Buffer }> {
  const args = ["-", "--passphrase", "--sign", "writer.key", "-o", "-", "-q"];
  const victim = site.start(SEAL, args, { SEAL_PASSPHRASE_FILE: passphraseFile });
  victim.write(randomBytes(5 * 2 ** 20));
  const made = Buffer.from(await victim.said((text) => text.length >= 4 * 2 ** 20), "latin1");
  return { victim, made };
}

/**
 * `open` from standard input that does not end, by an identity under a passphrase, when the first chunk is released.
 */
export async function opening(site: Site, key: string, passphraseFile: string | null): Promise<Victim> {
  const env: Record<string, string> = passphraseFile ? { SEAL_PASSPHRASE_FILE: passphraseFile } : {};
  const victim = site.start(SEAL, ["open", "-", "-o", "-", "--key", key, "--from", "writer.pub"], env);
  victim.write(readFileSync(site.path("made")).subarray(0, 5 * 2 ** 20));
  await victim.said((text) => text.length >= 4 * 2 ** 20);
  return victim;
}
