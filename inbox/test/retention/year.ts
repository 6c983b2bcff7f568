// What producers and readers of an inbox do over a year, and what must be true of its journal meanwhile.

import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Identity, JournalReader, type JournalReaderOptions } from "@sealed-files/seal";
import { beginsBase, parseBase, parseBytes } from "@sealed-files/seal/internal";
import { expect } from "vitest";
import { placeIn } from "../../src/retention/ledger.js";
import { sleep } from "../producers.js";
import type { Stage } from "./stage.js";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Where a record was put, and when. */
interface Sent {
  readonly tag: string;
  /** null where a retry was acknowledged, whose answer does not say so. */
  readonly offset: number | null;
  readonly at: number;
}

/** A record's text: all of it can be told from its tag. */
function textOf(tag: string): string {
  const [producer, i] = tag.split("-").map(Number);
  return `${tag} ${"x".repeat(400 + ((producer! * 31 + i! * 17) % 900))}`;
}

function tagOf(record: Uint8Array): string {
  const text = Buffer.from(record).toString();
  const tag = text.slice(0, text.indexOf(" "));
  expect(text).toBe(textOf(tag));
  return tag;
}

/** Of whom the inbox knows the name. */
export class NamedReader {
  readonly tags: string[] = [];
  readonly #year: Year;
  readonly token: string;
  readonly name: string;
  cursor: Uint8Array | null = null;
  /** Of what it has acknowledged: the epoch's offset, before which everything may go. */
  passed: number | null = null;

  constructor(year: Year, name: string, token: string) {
    [this.#year, this.name, this.token] = [year, name, token];
  }

  /** What has come since it read last. Throws what the library throws. */
  async read(): Promise<void> {
    const reader = await this.#year.open(this.token, { cursor: this.cursor });
    for await (const { records } of reader) for (const record of records) this.tags.push(tagOf(record));
    this.cursor = reader.cursor;
  }

  async acknowledge(): Promise<void> {
    expect(await this.#year.acknowledge(this.token, this.cursor!)).toMatchObject({ status: 200 });
    this.passed = placeIn(Buffer.from(this.cursor!).toString("latin1")).epoch;
  }

  /** The same by the program, as in the README. */
  async readByCommand(): Promise<void> {
    const { site } = this.#year.stage;
    const [header, cursor] = [`${this.name}.header`, `${this.name}.cursor`];
    writeFileSync(join(site.path, header), `Authorization: Bearer ${this.token}\n`, { mode: 0o600 });
    if (this.cursor) writeFileSync(join(site.path, cursor), this.cursor);
    const from = ["journal", "read", this.#year.url("journal"), "--header", `@${header}`, "--from", "inbox.pub"];
    const { status, stdout, stderr } = await site.seal(...from, "--key", "ann.key", "--cursor", cursor, "-q");
    expect([status, stderr]).toEqual([0, ""]);
    for (const line of stdout.split("\n").slice(0, -1)) this.tags.push(tagOf(Buffer.from(line)));
    this.cursor = readFileSync(join(site.path, cursor));
  }
}

export class Year {
  readonly stage: Stage;
  /** Milliseconds for which all readers must have had what is removed. */
  readonly #least: number;
  readonly #keys: Identity[];
  readonly #producers: { readonly token: string; next: number }[];
  #sent: Sent[] = [];
  #readers: NamedReader[] = [];
  /** Since the last reader came: when, and what all had acknowledged by then. */
  #passed: { readonly at: number; readonly place: number }[] = [];
  #base = 0;
  readonly figures = { records: 0, retried: 0, byRule: 0, byCommand: 0, most: 0, last: 0, whole: 0 };

  private constructor(stage: Stage, least: number, producers: readonly string[], keys: Identity[]) {
    [this.stage, this.#least, this.#keys] = [stage, least, keys];
    this.#producers = producers.map((token) => ({ token, next: 0 }));
  }

  static async begin(stage: Stage, least: number): Promise<Year> {
    const ann = await Identity.parse(readFileSync(join(stage.site.path, "ann.key")));
    const year = new Year(stage, least, [stage.site.producer], [ann]);
    for (const name of ["stall", "kiosk"])
      year.#producers.push({ token: await year.#token("--producer", name), next: 0 });
    await year.must("retention", "till", "on", "--older-than", `${least / HOUR}h`);
    year.#readers.push(new NamedReader(year, "ann", stage.site.reader));
    return year;
  }

  url(what: string, turn = 0): string {
    const { services } = this.stage;
    return `${services[turn % services.length]!.url}/v1/inboxes/till/${what}`;
  }

  /** What a command prints. On a machine that is busy with other tests, a database may not be reached in time. */
  async must(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.stage.command(...args);
    if (stderr.includes("cannot reach ")) return this.must(...args);
    expect([status, stderr]).toEqual([0, ""]);
    return stdout.trim();
  }

  #token(role: string, name: string): Promise<string> {
    return this.must("token", "create", "till", "-q", role, name);
  }

  get readers(): readonly NamedReader[] {
    return this.#readers;
  }

  get sent(): readonly Sent[] {
    return this.#sent;
  }

  /** Until it has acknowledged something, nothing more goes; and then the time of all begins anew. */
  async join(name: string): Promise<NamedReader> {
    const reader = new NamedReader(this, name, await this.#token("--reader", name));
    this.#readers.push(reader);
    this.#passed = [];
    return reader;
  }

  async revoke(reader: NamedReader): Promise<void> {
    const grants = (await this.must("token", "list", "till", "--json")).split("\n").map((line) => JSON.parse(line));
    const { id } = grants.find(({ name }) => name === reader.name);
    await this.must("token", "revoke", "till", id);
    this.#readers = this.#readers.filter((other) => other !== reader);
  }

  open(token: string, options: Partial<JournalReaderOptions> = {}): Promise<JournalReader> {
    const journal = { url: this.url("journal"), headers: { authorization: `Bearer ${token}` } };
    return JournalReader.open(journal, { keys: this.#keys, label: "till", ...options });
  }

  acknowledge(token: string, cursor: Uint8Array): Promise<Response> {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(this.url("acknowledgement"), { method: "PUT", headers, body: cursor as Uint8Array<ArrayBuffer> });
  }

  /** Each producer sends so many requests, one after the other, until each is acknowledged. */
  async produce(requests: number): Promise<void> {
    const all = this.#producers.map(async (producer, number) => {
      for (let i = 0; i < requests; i++) {
        const count = i % 3 === 1 ? 3 : 1;
        const tags = Array.from({ length: count }, () => `${number}-${producer.next++}`);
        const offset = await this.#send(producer.token, tags, number + i);
        this.#sent.push(...tags.map((tag) => ({ tag, offset, at: this.stage.ahead })));
        this.figures.records += count;
      }
    });
    await Promise.all(all);
  }

  async #send(token: string, tags: readonly string[], turn: number): Promise<number | null> {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": tags.length > 1 ? "application/x-ndjson" : "text/plain",
      "idempotency-key": randomUUID(),
    };
    const body = tags.map(textOf).join("\n");
    for (let tries = 0; ; tries++) {
      const answer = await this.#tried(turn + tries, { method: "POST", headers, body });
      if (answer) return answer.offset ?? null;
      if (tries === 0) this.figures.retried++;
      await sleep(50);
    }
  }

  /** null where there is no service, or it could not. */
  async #tried(turn: number, request: RequestInit): Promise<{ offset?: number } | null> {
    if (this.stage.services.length === 0) return null;
    try {
      const response = await fetch(this.url("records", turn), { ...request, signal: AbortSignal.timeout(20_000) });
      const text = await response.text();
      if (response.status === 201) return JSON.parse(text);
      expect([502, 503], text).toContain(response.status);
      return null;
    } catch (error) {
      if (error instanceof TypeError || (error as Error).name === "TimeoutError") return null;
      throw error;
    }
  }

  /** By its command, while no service runs. */
  async shorten(): Promise<void> {
    const { bytes } = JSON.parse(await this.must("shorten", "till", "--sign", "inbox.key", "--json"));
    if (bytes === 0) return;
    this.figures.byCommand++;
    this.#moved(this.#base + bytes);
  }

  /** Where the journal begins, as if nothing had been removed; and with how much of a note that something was. */
  async base(): Promise<{ offset: number; length: number }> {
    const headers = { authorization: `Bearer ${this.#readers[0]!.token}`, range: "bytes=0-2047" };
    const start = new Uint8Array(await (await fetch(this.url("journal"), { headers })).arrayBuffer());
    if (!beginsBase(start)) return { offset: 0, length: 0 };
    const { value } = parseBytes(parseBase(), start);
    return { offset: value.base.offset, length: value.bytes.length + value.signature.length };
  }

  /** Nothing has gone that somebody lacks, or that is too young. */
  #moved(base: number): void {
    this.#base = base;
    for (const { name, passed } of this.#readers) expect([name, passed! >= base]).toEqual([name, true]);
    const isYoung = ({ at }: Sent) => this.stage.ahead - at < this.#least;
    const young = this.#sent.flatMap((record) => (isYoung(record) && record.offset !== null ? [record.offset] : []));
    expect(base).toBeLessThanOrEqual(Math.min(...young));
  }

  /**
   * Nothing has gone too early, and all that was due has: what all readers had acknowledged before the least age, the
   * time between two of the places that are noted, and `late`.
   */
  async check(late: number): Promise<void> {
    const [{ offset, length }, bytes] = [await this.base(), await this.stage.bytes()];
    expect(offset).toBeGreaterThanOrEqual(this.#base);
    const { figures } = this;
    if (offset > this.#base) {
      figures.byRule++;
      this.#moved(offset);
    }
    const due = this.#passed.filter(({ at }) => this.stage.ahead - at >= this.#least * (1 + 1 / 32) + late);
    expect(offset).toBeGreaterThanOrEqual(due.at(-1)?.place ?? 0);
    figures.whole = offset + bytes - length;
    [figures.last, figures.most] = [bytes, Math.max(figures.most, bytes)];
  }

  /** To be called where readers have acknowledged. */
  note(): void {
    const places = this.#readers.map(({ passed }) => passed);
    if (places.includes(null)) this.#passed = [];
    else this.#passed.push({ at: this.stage.ahead, place: Math.min(...(places as number[])) });
  }
}
