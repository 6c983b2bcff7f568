// Downloads from a server that misbehaves at random, request by request: the right bytes, or none. SEAL_FAULT_ROUNDS
// sets how many; SEAL_FAULT_DOWNLOAD, in MiB, has one big file downloaded over ten broken connections, for which
// SEAL_TEST_LIMIT may have to be raised.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Handler, type Site, serving, site } from "../io/server.js";
import { Outcomes, rounds, timeFor } from "./rounds.js";
import { inSandbox, program, type Sandbox, sh } from "./sandbox.js";

const SIZE = 9_000_000;
const ROUNDS = rounds(2);
const read = (box: Sandbox, name: string) => readFileSync(join(box.dir, name));
const anyOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
const upTo = (most: number) => Math.floor(Math.random() * most);

/** Resets the connection when so many bytes have left. */
const resetting = (bytes: Uint8Array): Handler => {
  return (...rest) => serving(bytes, { drops: [upTo(bytes.length / 3)], resets: true })(...rest);
};

type Mischief = (bytes: Uint8Array, request: IncomingMessage, response: ServerResponse, self: Site) => void;

const as =
  (handler: Handler): Mischief =>
  (_bytes, request, response, self) =>
    handler(request, response, self);

/** What a request may come upon. */
const MISCHIEF: readonly Mischief[] = [
  (bytes, ...rest) => serving(bytes)(...rest),
  (bytes, ...rest) => serving(bytes, { drops: [upTo(bytes.length)] })(...rest),
  (bytes, ...rest) => resetting(bytes)(...rest),
  (bytes, ...rest) => serving(bytes, { ignoresRange: true, drops: [upTo(bytes.length)] })(...rest),
  (bytes, ...rest) => serving(bytes, { lie: anyOf([-70_000, 70_000]), drops: [bytes.length] })(...rest),
  // Another file of the same size and version, and noise.
  (bytes, ...rest) => serving(bytes.map((byte, i) => (i % 1_000_003 === 77 ? byte ^ 1 : byte)))(...rest),
  (bytes, ...rest) => serving(new Uint8Array(bytes.length))(...rest),
  (bytes, ...rest) => serving(bytes, { headers: () => ({ etag: `"${Math.random()}"` }) })(...rest),
  as((_request, response) => void response.writeHead(anyOf([404, 416, 500, 503, 204])).end()),
  as((_request, response) => void response.socket?.resetAndDestroy()),
  as((_request, response) => void response.socket?.end("SSH-2.0-OpenSSH\r\n")),
];

async function opened(box: Sandbox, handler: Handler, ...more: string[]) {
  const server = await site(handler);
  try {
    const args = [`${server.url}/big.sealed`, "--key", "server.key", "-o", "out", "--json", ...more];
    const { status, stdout } = await program(box, "open", args).ended;
    return { status, told: JSON.parse(stdout), server };
  } finally {
    await server.close();
  }
}

const prepare = (box: Sandbox, bytes: number) =>
  sh(box, `head -c ${bytes} /dev/urandom > big; seal -q big --to server.pub --sign master.key`);

describe("a server that at random", () => {
  test(
    "resets the connection",
    inSandbox(async (box) => {
      await prepare(box, SIZE);
      const sealed = read(box, "big.sealed");
      let [asked, served] = [0, 0];
      for (let round = 0; round < ROUNDS; round++) {
        const { told, server } = await opened(box, resetting(sealed));
        expect(told).toMatchObject({ ok: true, bytes: SIZE });
        expect(read(box, "out").equals(read(box, "big"))).toBe(true);
        rmSync(join(box.dir, "out"));
        asked += server.asked.length;
        served += server.served;
      }
      const outcome = `${ROUNDS} files of ${sealed.length} bytes, ${asked} requests, ${served} bytes given to sockets`;
      if (process.env.SEAL_FAULT_ROUNDS) console.log(outcome);
    }),
    timeFor(ROUNDS),
  );

  test(
    "does anything, with and without --resume",
    inSandbox(async (box) => {
      await prepare(box, SIZE);
      const [sealed, big] = [read(box, "big.sealed"), read(box, "big")];
      const outcomes = new Outcomes();
      for (let round = 0; round < ROUNDS; round++) {
        const more = round % 2 ? ["--resume"] : [];
        const { status, told } = await opened(box, (...rest) => anyOf(MISCHIEF)(sealed, ...rest), ...more);
        expect([0, 3, 4, 6], JSON.stringify(told)).toContain(status);
        expect(existsSync(join(box.dir, "out"))).toBe(status === 0);
        if (status === 0) expect(read(box, "out").equals(big)).toBe(true);
        else expect(told).toMatchObject({ ok: false, exit: status });
        const partials = readdirSync(box.dir).filter((name) => name.endsWith(".seal-partial"));
        for (const name of partials) {
          const bytes = read(box, name);
          expect(bytes.equals(big.subarray(0, bytes.length)), "a beginning of it").toBe(true);
          if (round % 4 === 3) rmSync(join(box.dir, name));
        }
        rmSync(join(box.dir, "out"), { force: true });
        outcomes.add(`exit ${status}${partials.length > 0 ? ", a partial file" : ""}`);
      }
      outcomes.tell("mischief");
    }),
    timeFor(ROUNDS),
  );
});

const MIB = Number(process.env.SEAL_FAULT_DOWNLOAD ?? 0);

test.runIf(MIB > 0)(
  "a big file over ten broken connections",
  inSandbox(async (box) => {
    const bytes = MIB * 1024 * 1024;
    await prepare(box, bytes);
    const sealed = read(box, "big.sealed");
    const drops = Array.from({ length: 10 }, () => Math.floor((sealed.length / 11) * (0.6 + 0.8 * Math.random())));
    const { told, server } = await opened(box, serving(sealed, { drops }));
    expect(told).toMatchObject({ ok: true, bytes });
    expect((await sh(box, "cmp big out")).status).toBe(0);
    const more = server.served - sealed.length;
    console.log(
      `${server.asked.length} requests, ${server.served} bytes given to sockets, ${more} more than the file has`,
    );
    console.log(`${told.seconds} s; asked for ${server.asked.map(({ headers }) => headers.range ?? "all").join(" ")}`);
  }),
  1_200_000,
);
