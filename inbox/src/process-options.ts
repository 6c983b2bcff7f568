// What the command line says of the service as a process: keys, certificates, addresses.

import { readFile } from "node:fs/promises";
import { Identity, SealError, type Signer, sshAgentSigner } from "@sealed-files/seal";
import { encodeSshKey, ioError, loadSuite, prefixed, sshSignerIn } from "@sealed-files/seal/internal";
import { type Arguments, pathVariable } from "./arguments.js";
import { isOrigin } from "./server/cors.js";
import { canBeKept } from "./server/heads.js";
import { LEVELS, type Level } from "./server/log.js";

/** Throws `usage`, `io`, `no-key`. */
export async function signerOf(path: string | undefined): Promise<Identity | Signer> {
  if (path === undefined)
    throw new SealError("usage", "--sign is missing: the identity that signs the journals", {
      hint: "Make one: seal keygen -o inbox.key",
    });
  if (path.endsWith(".pub")) return agentSigner(path);
  const passphraseFile = pathVariable("SEAL_PASSPHRASE_FILE");
  const passphrase = passphraseFile ? await fileOf(passphraseFile) : undefined;
  const secret = await fileOf(path);
  try {
    const identity = await Identity.parse(secret, passphrase && withoutLineEnd(passphrase));
    if (identity.signer !== null) return identity;
    throw new SealError("usage", "this identity only opens: it has no key that signs");
  } catch (error) {
    if (!(error instanceof SealError) || error.code === "io") throw error;
    throw prefixed(`--sign ${path}`, error);
  } finally {
    secret.fill(0);
    passphrase?.fill(0);
  }
}

/** Milliseconds for an agent to sign, at each epoch: nobody sits there to end the waiting. */
const AGENT = 60_000;

/**
 * Of a public key of ssh's, the agent is asked, at each epoch, by a signer that gives up after so many milliseconds.
 * Throws `usage`, `io`.
 */
export async function agentSigner(path: string, limit = AGENT): Promise<Signer> {
  const text = await fileOf(path);
  try {
    const key = encodeSshKey(await sshSignerIn(await loadSuite(), text.toString("utf8")));
    const { signer } = await sshAgentSigner(key);
    return { signer, sign: (message) => askedOf(key, message, limit) };
  } catch (error) {
    throw error instanceof SealError ? prefixed(`--sign ${path}`, error) : error;
  }
}

async function askedOf(key: string, message: Uint8Array, limit: number): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(limit);
  try {
    const { sign } = await sshAgentSigner(key, { signal });
    return await sign(message);
  } catch (error) {
    if (!signal.aborted || error instanceof SealError) throw error;
    const late = `the ssh agent did not sign within ${limit / 1000} seconds`;
    throw new SealError("io", late, { reason: "agent-gone", cause: error });
  }
}

const [LF, CR] = [0x0a, 0x0d];

function withoutLineEnd(passphrase: Buffer): Buffer {
  if (passphrase.at(-1) !== LF) return passphrase;
  return passphrase.subarray(0, passphrase.at(-2) === CR ? -2 : -1);
}

function fileOf(path: string): Promise<Buffer> {
  return readFile(path).catch((error) => {
    throw ioError(`cannot read ${path}`, error);
  });
}

export async function tlsOf(args: Arguments): Promise<{ cert: Buffer; key: Buffer } | null> {
  const [cert, key] = [args.one("tls-cert"), args.one("tls-key")];
  if ((cert === undefined) !== (key === undefined))
    throw new SealError("usage", "--tls-cert and --tls-key must be given together");
  return cert === undefined ? null : { cert: await fileOf(cert), key: await fileOf(key!) };
}

/** The headers that are kept. Throws `usage`. */
export function keptHeaders(args: Arguments): string[] {
  const names = args.all("head").map((name) => name.toLowerCase());
  const unfit = names.find((name) => !canBeKept(name));
  if (unfit === undefined) return [...new Set(names)];
  throw new SealError("usage", `--head ${unfit}: this header cannot be kept`, {
    hint: "It has a name of the inbox's own, or holds what opens something, or is none.",
  });
}

/** The origins whose pages are let in. Throws `usage`. */
export function originsOf(args: Arguments): readonly string[] {
  const unfit = args.all("allow-origin").find((text) => !isOrigin(text));
  if (unfit === undefined) return args.all("allow-origin");
  throw new SealError("usage", `--allow-origin ${unfit}: this is no origin`, {
    hint: "An origin is written as https://app.example.com, or with a port that is not the usual one.",
  });
}

export function levelOf(args: Arguments): Level {
  const text = args.one("log-level") ?? "info";
  const level = LEVELS.find((known) => known === text);
  if (!level) throw new SealError("usage", `--log-level takes one of ${LEVELS.join(", ")}`);
  return level;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Of `--listen` or another flag. Throws `usage`. */
export function addressOf(flag: string, text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new SealError("usage", `--${flag} takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080`);
}

export function isLoopback(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}
