// The service as a process: from the command line to a server, and to its end.

import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { Identity, JournalWriter, SealError } from "seal";
import { type Arguments, directoryOf, durationOf, numberOf } from "./arguments.js";
import type { OpenWriter } from "./inbox.js";
import { type InboxEvent, Inboxes } from "./inboxes.js";
import { KeyBudget } from "./keys/answers.js";
import { makeApp } from "./server/app.js";
import { MAX_BODY } from "./server/body.js";
import { LEVELS, type Level, makeLogger } from "./server/log.js";
import { Service } from "./server/service.js";
import { Directory } from "./store/directory.js";
import { ioError } from "./store/files.js";

declare const SEAL_INBOX_VERSION: string;

const MIB = 1024 * 1024;
const DAY = 86_400_000;
const IDLE = 600_000;
/** Milliseconds for requests under way to finish; what is left then, downloads for the most part, is cut off. */
const GRACE = 30_000;

/** Serves until SIGTERM or SIGINT, and then until all is done. Throws `usage`, `io`, `no-key`. */
export async function serve(args: Arguments): Promise<void> {
  const directory = await Directory.open(directoryOf(args));
  const { host, port } = listenOf(args.one("listen") ?? "127.0.0.1:8080");
  const tls = await tlsOf(args);
  const logger = makeLogger(levelOf(args));
  const openWriter = writing(await signerOf(args.one("sign")));
  const service = makeService(args, directory, openWriter, logger);
  const app = await makeApp(service, { logger, tls, version: SEAL_INBOX_VERSION });
  const stopped = untilStopped(app, service, logger);
  if (!tls && !isLoopback(host)) {
    logger.warn({ host }, "reached from outside without TLS: tokens and records can be read on the way");
  }
  await app.listen({ host, port, listenTextResolver: (url) => `listening on ${url}` }).catch((error) => {
    throw ioError(`cannot listen on ${host}:${port}`, error);
  });
  await stopped;
}

function writing(signer: Identity): OpenWriter {
  return ({ path, ...options }) => JournalWriter.open({ path }, { ...options, signer });
}

function makeService(args: Arguments, directory: Directory, openWriter: OpenWriter, logger: Logger): Service {
  const budget = new KeyBudget(numberOf(args, "max-keys", 1_000_000, 0, 100_000_000));
  const inboxes = new Inboxes(directory, {
    openWriter,
    budget,
    keyLifetime: durationOf(args, "key-lifetime", DAY),
    maxQueued: numberOf(args, "max-queued", 16 * MIB, 1, 2 ** 40),
    idle: durationOf(args, "idle", IDLE),
    note: (event) => logEvent(logger, event),
  });
  return new Service(directory, inboxes, budget, {
    maxBody: numberOf(args, "max-body", MIB, 1, MAX_BODY),
    maxHeld: numberOf(args, "max-held", 64 * MIB, MAX_BODY, 2 ** 40),
    rate: numberOf(args, "rate", 1000, 1, 1_000_000),
  });
}

function logEvent(logger: Logger, event: InboxEvent): void {
  if (event.is !== "failed") {
    logger.info({ inbox: event.inbox, aside: event.aside ?? undefined }, event.is);
    return;
  }
  const reason = event.error instanceof SealError ? event.error.message : "a bug in seal-inbox";
  logger.error({ inbox: event.inbox, reason }, "the inbox cannot be used");
}

/** Done when the service has stopped. A second signal ends it at once. */
function untilStopped(app: FastifyInstance, service: Service, logger: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (signal: NodeJS.Signals) => {
      if (service.stopping) process.kill(process.pid, "SIGKILL");
      service.stopping = true;
      logger.info({ signal }, "stopping");
      const timer = setTimeout(() => app.server.closeAllConnections(), GRACE);
      const closed = app.close().then(() => service.inboxes.close());
      closed
        .finally(() => clearTimeout(timer))
        .then(() => logger.info("stopped"))
        .then(resolve, reject);
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
    process.on("SIGHUP", () => service.inboxes.nextEpoch());
  });
}

/** Throws `usage`, `io`, `no-key`. */
async function signerOf(path: string | undefined): Promise<Identity> {
  if (path === undefined)
    throw new SealError("usage", "--sign is due: the identity that signs the journals", {
      hint: "Make one: seal keygen -o inbox.key",
    });
  const passphraseFile = process.env.SEAL_PASSPHRASE_FILE;
  const passphrase = passphraseFile ? (await textOf(passphraseFile)).replace(/\r?\n$/, "") : undefined;
  try {
    return await Identity.parse(await textOf(path), passphrase);
  } catch (error) {
    if (!(error instanceof SealError) || error.code === "io") throw error;
    throw new SealError(error.code, `--sign ${path}: ${error.message}`, { hint: error.hint });
  }
}

async function textOf(path: string): Promise<string> {
  return (await fileOf(path)).toString("utf8");
}

function fileOf(path: string): Promise<Buffer> {
  return readFile(path).catch((error) => {
    throw ioError(`cannot read ${path}`, error);
  });
}

async function tlsOf(args: Arguments): Promise<{ cert: Buffer; key: Buffer } | null> {
  const [cert, key] = [args.one("tls-cert"), args.one("tls-key")];
  if ((cert === undefined) !== (key === undefined))
    throw new SealError("usage", "--tls-cert and --tls-key belong together");
  return cert === undefined ? null : { cert: await fileOf(cert), key: await fileOf(key!) };
}

function levelOf(args: Arguments): Level {
  const text = args.one("log-level") ?? "info";
  const level = LEVELS.find((known) => known === text);
  if (!level) throw new SealError("usage", `--log-level takes one of ${LEVELS.join(", ")}`);
  return level;
}

/** Throws `usage`. */
function listenOf(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new SealError("usage", "--listen takes HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080");
}

function isLoopback(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}
