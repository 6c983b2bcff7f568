// Producers that send to several services until each of their records is acknowledged, and a reader who comes again and
// again: what was acknowledged is there once, in the order in which each producer sent it, in one journal.

import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { asked } from "./postgres.js";
import { type DatabaseSite, type Served, sent } from "./program.js";

export const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

/** How often a service has taken the journal. */
export const openedIn = ({ log }: Served) => log().split('"msg":"opened"').length - 1;

/** Where a service listens for others, as its card says. */
const peersOf = ({ log }: Served) => /"msg":"peers on ([^"]+)"/.exec(log())?.[1];

const OWNER = `SELECT address FROM seal_inbox_leases l JOIN seal_inbox_services s ON s.holder = l.holder
  WHERE l.until > clock_timestamp() AND s.until > clock_timestamp()`;

/** Which of the services has the inbox open, as the others see it, once one of them has. */
export async function ownerOf({ database }: DatabaseSite, services: readonly Served[]): Promise<number> {
  for (;;) {
    const [row] = await asked(database, OWNER);
    const owner = row ? services.findIndex((service) => peersOf(service) === row.address) : -1;
    if (owner >= 0) return owner;
    await sleep(50);
  }
}

export interface Producers {
  /** Done when so many more records are acknowledged. */
  more(count: number): Promise<void>;
  /** No new ones are sent; done when all that were are acknowledged. */
  end(): Promise<{ acknowledged: readonly string[]; retries: number }>;
}

export interface ProducersOptions {
  readonly count: number;
  /** How many of them send each record to another service; the others stay where they get an answer. */
  readonly wandering: number;
  /** Milliseconds after which one sends elsewhere what got no answer, with the same key. */
  readonly patience: number;
}

/** `services` may change meanwhile. */
export function produce(services: readonly Served[], { count, wandering, patience }: ProducersOptions): Producers {
  const acknowledged: string[] = [];
  let [isOver, turn, retries] = [false, 0, 0];
  const one = async (producer: number) => {
    let place = 0;
    for (let i = 0; !isOver; i++) {
      const record = `${producer}-${i}`;
      const headers = { "idempotency-key": randomUUID() };
      if (producer < wandering) place = turn++;
      while (!(await sent(services[place % services.length]!, record, headers, patience))) {
        retries++;
        place++;
        await sleep(20);
      }
      acknowledged.push(record);
      await sleep(10);
    }
  };
  const all = Array.from({ length: count }, (_, producer) => one(producer));
  return {
    more: (more) => {
      const due = acknowledged.length + more;
      return until(() => acknowledged.length >= due);
    },
    end: async () => {
      isOver = true;
      await Promise.all(all);
      return { acknowledged, retries };
    },
  };
}

/** Of each producer, a beginning of what it has sent, in its order, and nothing twice; others may have sent, too. */
export function expectOrder(records: readonly string[]): void {
  const next = new Map<string, number>();
  for (const record of records) {
    const [, producer, i] = /^(\d+)-(\d+)$/.exec(record) ?? [];
    if (producer === undefined) continue;
    expect([record, Number(i)]).toEqual([record, next.get(producer) ?? 0]);
    next.set(producer, Number(i) + 1);
  }
}

/** Each service gives the same journal, which is in order: each of these once, and no other. */
export async function expectRecords(
  site: DatabaseSite,
  services: readonly Served[],
  acknowledged: readonly string[],
): Promise<void> {
  for (const service of services) {
    const records = await site.records(service);
    expect([...records].sort()).toEqual([...acknowledged].sort());
    expectOrder(records);
  }
}

export interface Reader {
  readonly records: readonly string[];
  /** Reads on from its cursor, from any service: what it finds must follow what it has. */
  read(from: Served): Promise<void>;
  /** All records from the beginning, with their heads. */
  whole(from: Served): Promise<{ data: string; heads: { time: string } }[]>;
}

export function readerOf(site: DatabaseSite): Reader {
  const records: string[] = [];
  writeFileSync(join(site.path, "ann.header"), `Authorization: Bearer ${site.reader}\n`, { mode: 0o600 });
  const lines = async (from: Served, ...more: string[]) => {
    const args = ["--key", "ann.key", "--label", "till", "--header", "@ann.header", "-q", ...more];
    const { status, stdout, stderr } = await site.seal(
      "journal",
      "read",
      `${from.url}/v1/inboxes/till/journal`,
      ...args,
    );
    expect([status, stderr]).toEqual([0, ""]);
    return stdout.split("\n").slice(0, -1);
  };
  const read = async (from: Served) => {
    records.push(...(await lines(from, "--cursor", "ann.cursor")));
    expectOrder(records);
  };
  const whole = async (from: Served) => (await lines(from, "--format", "json")).map((line) => JSON.parse(line));
  return { records, read, whole };
}
