// The service as a process: from the command line to a server, and to its end.

import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Identity, JournalWriter, SealError, type Signer } from "@sealed-files/seal";
import { closeInspector, ioError, onAsking, onEnding } from "@sealed-files/seal/internal";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { type Arguments, durationOf, numberOf } from "./arguments.js";
import { openStore } from "./commands/store.js";
import { KeyBudget } from "./idempotency/answers.js";
import { type InboxEvent, Inboxes } from "./inboxes.js";
import { notifySystemd, type State } from "./notify.js";
import { Peers } from "./peers/peers.js";
import {
  type Address,
  addressOf,
  isLoopback,
  keptHeaders,
  levelOf,
  originsOf,
  signerOf,
  tlsOf,
} from "./process-options.js";
import { Quotas } from "./quotas/quotas.js";
import { makeApp, makeOperatorsApp } from "./server/app.js";
import { MAX_BODY } from "./server/body.js";
import { descriptorLimit, shares } from "./server/descriptors.js";
import { timed } from "./server/flushes.js";
import { makeLogger } from "./server/log.js";
import { Metrics } from "./server/metrics.js";
import { type RoundEvent, Rounds } from "./server/rounds.js";
import { Service } from "./server/service.js";
import type { InboxStore } from "./store/store.js";
import type { OpenWriter } from "./writer.js";

declare const SEAL_INBOX_VERSION: string;

const MIB = 1024 * 1024;
/** A body and what it is once it is decoded. */
const LEAST_HELD = 3 * MAX_BODY;
const DAY = 86_400_000;
const IDLE = 600_000;
const MAX_OPEN = 1000;
/** Milliseconds during which requests are told that the service stops, on connections that are open and on new ones. */
const DRAIN = 5000;
/** Milliseconds for requests under way to finish; what is left then, downloads for the most part, is cut off. */
const GRACE = 30_000;

/**
 * Serves until SIGTERM, SIGINT or another signal that would end it, and then until all is done. Throws `usage`, `io`,
 * `no-key`.
 */
export async function serve(args: Arguments): Promise<void> {
  const store = await openStore(args);
  try {
    const held = await store.hold((text) => void process.stderr.write(`seal-inbox: ${text}\n`));
    await serveFrom(args, store).finally(() => held.release());
  } finally {
    await store.close();
  }
}

/** Throws as `serve`. */
async function serveFrom(args: Arguments, store: InboxStore): Promise<void> {
  const address = addressOf("listen", args.one("listen") ?? "127.0.0.1:8080");
  const figures = args.one("metrics");
  const operatorsAddress = figures === undefined ? null : addressOf("metrics", figures);
  const tls = await tlsOf(args);
  const logger = makeLogger(levelOf(args));
  closeInspector();
  const sign = await signerOf(args.one("sign"));
  const service = makeService(args, store, writing(sign), logger);
  const rounds = new Rounds(store, service.inboxes, { sign, note: (event) => logRound(logger, event) });
  const peers = await peersOf(args, service, sign, logger);
  service.peers = peers;
  const about = { logger, version: SEAL_INBOX_VERSION };
  const app = await makeApp(service, { ...about, tls, hasMetrics: operatorsAddress === null });
  const operators = operatorsAddress && (await makeOperatorsApp(service, about));
  onAsking(() => logger.info(service.inboxes.figures(), "status"));
  app.server.maxConnections = shares(descriptorLimit()).connections;
  const running = { app, operators, service, rounds, peers, logger };
  const delays = { shutdown: durationOf(args, "shutdown-delay", 0), drain: durationOf(args, "drain", DRAIN) };
  const stopped = untilStopped(running, delays);
  if (!tls && !isLoopback(address.host)) {
    logger.warn({ host: address.host }, "reached from outside without TLS: tokens and records can be read on the way");
  }
  if (operators) await listen(operators, operatorsAddress!, "metrics");
  await listen(app, address, "listening");
  await notify("READY=1", logger);
  await stopped;
}

/** Throws `io`. */
async function listen(app: FastifyInstance, { host, port }: Address, what: string): Promise<void> {
  await app.listen({ host, port, listenTextResolver: (url) => `${what} on ${url}` }).catch((error) => {
    throw ioError(`cannot listen on ${host}:${port}`, error);
  });
}

async function notify(state: State, logger: Logger): Promise<void> {
  await notifySystemd(state).catch((error) => logger.warn({ state, reason: error.message }, "systemd was not told"));
}

function writing(sign: Identity | Signer): OpenWriter {
  return ({ journal, ...options }) => JournalWriter.open(journal, { ...options, sign });
}

function makeService(args: Arguments, store: InboxStore, openWriter: OpenWriter, logger: Logger): Service {
  const metrics = new Metrics(SEAL_INBOX_VERSION);
  const budget = new KeyBudget(numberOf(args, "max-keys", 5_000_000, 0, 100_000_000));
  const keyLifetime = durationOf(args, "key-lifetime", DAY);
  const inboxes = new Inboxes(store, {
    openWriter: timed(openWriter, (seconds) => metrics.flushed(seconds)),
    budget,
    keyLifetime,
    quotas: new Quotas(keyLifetime),
    maxQueued: numberOf(args, "max-queued", 16 * MIB, 1, 2 ** 40),
    idle: durationOf(args, "idle", IDLE),
    maxOpen: Math.min(numberOf(args, "max-open", MAX_OPEN, 1, 1_000_000), shares(descriptorLimit()).inboxes),
    note: (event) => logEvent(logger, event),
  });
  return new Service(store, inboxes, budget, metrics, {
    maxBody: numberOf(args, "max-body", MIB, 1, MAX_BODY),
    maxHeld: numberOf(args, "max-held", 64 * MIB, LEAST_HELD, 2 ** 40),
    rate: numberOf(args, "rate", 1000, 1, 1_000_000),
    keptHeaders: keptHeaders(args),
    origins: originsOf(args),
  });
}

/** null where none was asked for. Throws `usage`, `io`. */
async function peersOf(
  args: Arguments,
  service: Service,
  sign: Identity | Signer,
  logger: Logger,
): Promise<Peers | null> {
  const given = args.one("peers");
  if (given === undefined) return null;
  const { leases } = service.store;
  if (!leases) throw new SealError("usage", "--peers needs a database, which services share");
  const note = (what: string, error: unknown) => logger.warn({ reason: (error as Error).message }, what);
  const address = addressOf("peers", given);
  if (["0.0.0.0", "::"].includes(address.host)) {
    throw new SealError("usage", `--peers ${given}: no other service reaches that`, {
      hint: "Give the address at which the others reach this one.",
    });
  }
  const peers = await Peers.open(service, leases, { sign, ...address, note });
  logger.info(`peers on ${peers.address}`);
  return peers;
}

function logEvent(logger: Logger, event: InboxEvent): void {
  if (event.is !== "failed") {
    logger.info({ inbox: event.inbox, tailMovedTo: event.tailMovedTo ?? undefined }, event.is);
    return;
  }
  const reason = event.error instanceof SealError ? event.error.message : "a bug in seal-inbox";
  logger.error({ inbox: event.inbox, reason }, "the inbox cannot be used");
}

function logRound(logger: Logger, event: RoundEvent): void {
  if (event.is === "shortened") {
    logger.info({ inbox: event.inbox, bytes: event.bytes }, event.is);
    return;
  }
  const reason = event.error instanceof SealError ? event.error.message : "a bug in seal-inbox";
  logger.error({ inbox: event.inbox ?? undefined, reason }, "it cannot be shortened");
}

/** All that ends with the process. */
interface Running {
  readonly app: FastifyInstance;
  readonly operators: FastifyInstance | null;
  readonly service: Service;
  readonly rounds: Rounds;
  readonly peers: Peers | null;
  readonly logger: Logger;
}

/** Milliseconds. */
interface Delays {
  /** Before anything is refused, so that whoever sends requests here learns first that he should not. */
  readonly shutdown: number;
  readonly drain: number;
}

/** Done when the service has stopped. A second signal ends it at once. */
function untilStopped(running: Running, delays: Delays): Promise<void> {
  const { service, logger } = running;
  return new Promise((resolve, reject) => {
    const stop = (signal: NodeJS.Signals) => {
      if (service.isLeaving) process.kill(process.pid, "SIGKILL");
      service.leave();
      logger.info({ signal }, "stopping");
      end(running, delays).then(resolve, reject);
    };
    onEnding(["SIGHUP"], stop);
    process.on("SIGHUP", () => service.inboxes.nextEpoch());
  });
}

async function end(
  { app, operators, service, rounds, peers, logger }: Running,
  { shutdown, drain }: Delays,
): Promise<void> {
  const told = notify("STOPPING=1", logger);
  await sleep(shutdown);
  service.stop();
  const timer = setTimeout(() => app.server.closeAllConnections(), GRACE);
  try {
    await drained(app, drain);
    await app.close();
    await rounds.stop();
    await peers?.close();
    await service.inboxes.close();
    await operators?.close();
    await told;
  } finally {
    clearTimeout(timer);
  }
  logger.info("stopped");
}

/**
 * Done when all connections have ended, each with an answer that says so, or the time is over: those that are idle then
 * are ended without one.
 */
async function drained({ server }: FastifyInstance, drain: number): Promise<void> {
  const count = promisify(server.getConnections.bind(server));
  for (const since = performance.now(); performance.now() - since < drain; await sleep(20)) {
    if ((await count()) === 0) return;
  }
}
