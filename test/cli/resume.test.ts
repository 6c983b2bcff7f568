// --resume, and addresses on the command line: what an earlier run left is gone on with, and never believed.

import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Manners, type Site, serving, site } from "../io/server.js";
import { oneIn } from "../whole.js";
import { inSandbox, program, type Sandbox, sh, until } from "./sandbox.js";

oneIn(8);

const CHUNK = 4 * 1024 * 1024;
const RECORD = CHUNK + 112;
const CHUNKS = 5;
const LENGTH = CHUNKS * CHUNK + 777;
const OPEN = ["big.sealed", "--key", "server.key", "--resume", "-o", "out"];

const big = (box: Sandbox) =>
  sh(box, `head -c ${LENGTH} /dev/urandom > big; seal -q big --to server.pub --sign master.key`);
const flip = (bytes: Buffer, at: number) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
const partials = (box: Sandbox) => readdirSync(box.dir).filter((name) => name.endsWith(".seal-partial"));
const isRight = (box: Sandbox) => readFileSync(join(box.dir, "out")).equals(readFileSync(join(box.dir, "big")));

/** A run that leaves `chunks` whole ones; the partial file's path. */
async function left(box: Sandbox, chunks: number): Promise<string> {
  const sealed = readFileSync(join(box.dir, "big.sealed"));
  writeFileSync(join(box.dir, "big.sealed"), sealed.subarray(0, 500 + chunks * RECORD));
  const { status, stderr } = await sh(box, `open ${OPEN.join(" ")}`);
  expect({ status, stderr }).toEqual({ status: 6, stderr: expect.stringMatching(/kept in .*seal-partial/) });
  writeFileSync(join(box.dir, "big.sealed"), sealed);
  const [name] = partials(box);
  const path = join(box.dir, name!);
  expect([statSync(path).size, statSync(path).mode & 0o777]).toEqual([chunks * CHUNK, 0o600]);
  expect(existsSync(join(box.dir, "out"))).toBe(false);
  return path;
}

async function goneOn(box: Sandbox): Promise<string> {
  const { status, stderr } = await sh(box, `open ${OPEN.join(" ")}`);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(isRight(box), "the same bytes").toBe(true);
  expect([partials(box), statSync(join(box.dir, "out")).mode & 0o777]).toEqual([[], 0o666 & ~process.umask()]);
  return stderr;
}

describe("--resume", () => {
  test.concurrent(
    "goes on where an earlier run stopped",
    inSandbox(async (box) => {
      await big(box);
      await left(box, 3);
      expect(await goneOn(box)).toMatch(`resuming at byte ${3 * CHUNK} `);
    }),
  );

  test.concurrent(
    "without an earlier run is as without it",
    inSandbox(async (box) => {
      await big(box);
      expect(await goneOn(box)).not.toMatch(/resuming at|starting over/);
    }),
  );

  test.concurrent(
    "with all of it there already, and more: the end is still checked, and cut",
    inSandbox(async (box) => {
      await big(box);
      const path = await left(box, 2);
      writeFileSync(path, Buffer.concat([readFileSync(join(box.dir, "big")), Buffer.alloc(2 * CHUNK)]));
      expect(await goneOn(box)).toMatch(`resuming at byte ${CHUNKS * CHUNK} `);
    }),
  );

  test.concurrent.each([
    ["a byte in the first chunk", (bytes: Buffer) => flip(bytes, 5), /starting over/],
    ["a byte in the last chunk", (bytes: Buffer) => flip(bytes, 4 * CHUNK - 1), `resuming at byte ${3 * CHUNK} `],
    [
      "a chunk of zeros, as after a loss of power",
      (bytes: Buffer) => void bytes.fill(0, 3 * CHUNK),
      `at byte ${3 * CHUNK} `,
    ],
    ["two chunks swapped", (bytes: Buffer) => void bytes.copyWithin(0, CHUNK, 2 * CHUNK), /starting over/],
  ])(
    "believes nothing that was altered: %s",
    inSandbox(async (box, _what: string, alter: (bytes: Buffer) => unknown, note: string | RegExp) => {
      await big(box);
      const path = await left(box, 4);
      const bytes = readFileSync(path);
      alter(bytes);
      writeFileSync(path, bytes);
      expect(await goneOn(box)).toMatch(note);
    }),
  );

  test.concurrent(
    "what is left of several outputs is gone when they are whole",
    inSandbox(async (box) => {
      await sh(box, "mkdir in outputs; for n in 1 2 3 4; do echo $n > in/$n; done");
      await sh(box, "seal -q in/* --to server.pub --sign master.key");
      const partials = ["1", "4"].map((name) => `.${name}.0123456789abcdef.seal-partial`);
      for (const name of partials) writeFileSync(join(box.dir, "outputs", name), "left");
      const { status, stderr } = await sh(box, "open in/*.sealed --key server.key --from master.pub -o outputs");
      expect({ status, stderr }).toMatchObject({ status: 0 });
      for (const name of partials) expect(stderr).toMatch(new RegExp(`removed .*${name}, left by an earlier run`));
      expect(readdirSync(join(box.dir, "outputs")).sort()).toEqual(["1", "2", "3", "4"]);
    }),
  );

  test.concurrent.each([
    ["--resume", true],
    ["no --resume", false],
  ])(
    "what is left of another version is named, and gone when the output is whole, with %s",
    inSandbox(async (box, _what: string, resumes: boolean) => {
      await big(box);
      const first = await left(box, 2);
      await sh(
        box,
        "cp -p .out.*.seal-partial .other.0123456789abcdef.seal-partial; ln -s plan.txt .out.0123456789abcdef.seal-partial",
      );
      await sh(box, "seal -q big --to server.pub --sign master.key --force");
      const { status, stderr } = await sh(
        box,
        `open ${OPEN.filter((word) => resumes || word !== "--resume").join(" ")}`,
      );
      expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.not.stringMatching(/resuming at/) });
      expect(stderr).toContain(`removed ${first}, left by an earlier run`);
      if (resumes) expect(stderr).toContain(`${first} is left from another version of the input`);
      expect([isRight(box), existsSync(first)]).toEqual([true, false]);
      expect(partials(box).sort()).toEqual([
        ".other.0123456789abcdef.seal-partial",
        ".out.0123456789abcdef.seal-partial",
      ]);
    }),
  );

  test.concurrent(
    "what is left of another version stays while the output is not whole",
    inSandbox(async (box) => {
      await big(box);
      const first = await left(box, 2);
      await sh(box, "seal -q big --to server.pub --sign master.key --force");
      truncateSync(join(box.dir, "big.sealed"), 500 + RECORD);
      expect((await sh(box, `open ${OPEN.join(" ")}`)).status).toBe(6);
      expect(existsSync(first)).toBe(true);
      expect(partials(box)).toHaveLength(2);
    }),
  );

  test.concurrent(
    "two long names that begin alike have partial files of their own",
    inSandbox(async (box) => {
      const [one, other] = ["1", "2"].map((end) => `${"n".repeat(240)}${end}`);
      await big(box);
      const sealed = readFileSync(join(box.dir, "big.sealed"));
      truncateSync(join(box.dir, "big.sealed"), 500 + RECORD);
      expect((await sh(box, `open big.sealed --key server.key --resume -o ${one}`)).status).toBe(6);
      writeFileSync(join(box.dir, "big.sealed"), sealed);
      expect(await sh(box, `open big.sealed --key server.key --resume -o ${other}`)).toMatchObject({ status: 0 });
      expect(partials(box)).toHaveLength(1);
    }),
  );

  test.concurrent(
    "what another file left under this one's name is of no use",
    inSandbox(async (box) => {
      await big(box);
      const path = await left(box, 2);
      writeFileSync(path, Buffer.alloc(3 * CHUNK, 7));
      expect(await goneOn(box)).toMatch(/starting over/);
    }),
  );

  test.concurrent(
    "a file that is altered is refused, wherever it is gone on with, and what was verified stays",
    inSandbox(async (box) => {
      await big(box);
      const path = await left(box, 3);
      const sealed = readFileSync(join(box.dir, "big.sealed"));
      flip(sealed, sealed.length - 5 - 2 * RECORD);
      writeFileSync(join(box.dir, "big.sealed"), sealed);
      const { status, stderr } = await sh(box, `open ${OPEN.join(" ")}`);
      expect({ status, stderr }).toEqual({ status: 6, stderr: expect.stringMatching(/chunk 3 /) });
      expect(readFileSync(path).equals(readFileSync(join(box.dir, "big")).subarray(0, 3 * CHUNK))).toBe(true);
      expect(existsSync(join(box.dir, "out"))).toBe(false);
    }),
  );

  test.concurrent.each<[string, (path: string, dir: string) => void]>([
    ["a symlink", (path, dir) => symlinkSync(join(dir, "plan.txt"), path)],
    ["a dangling symlink", (path, dir) => symlinkSync(join(dir, "nowhere"), path)],
    ["a hard link", (path, dir) => linkSync(join(dir, "plan.txt"), path)],
    ["a directory", (path) => mkdirSync(path)],
    ["a file that others can write", (path) => writeFileSync(path, "") ?? chmodSync(path, 0o666)],
  ])(
    "does not touch %s that has the partial file's name",
    inSandbox(async (box, _what: string, make: (path: string, dir: string) => void) => {
      await big(box);
      const path = await left(box, 1);
      rmSync(path);
      make(path, box.dir);
      const { status, stderr } = await sh(box, `open ${OPEN.join(" ")}`);
      expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/seal-partial/) });
      expect(readFileSync(join(box.dir, "plan.txt"), "utf8")).toBe("for alice\n");
      expect([existsSync(join(box.dir, "nowhere")), existsSync(join(box.dir, "out"))]).toEqual([false, false]);
      expect(lstatSync(path)).toBeTruthy();
    }),
  );

  test.concurrent(
    "an unsigned file is opened from the beginning, and nothing of it is kept",
    inSandbox(async (box) => {
      await sh(box, `head -c ${LENGTH} /dev/zero > big; seal -q big --to alice.pub --unsigned`);
      truncateSync(join(box.dir, "big.sealed"), 3 * CHUNK);
      const command = "open big.sealed --key alice.key --allow-unsigned --resume -o out";
      const { status, stderr } = await sh(box, command);
      expect({ status, stderr }).toEqual({ status: 6, stderr: expect.stringMatching(/unsigned/) });
      expect(partials(box)).toEqual([]);
    }),
  );

  test.concurrent(
    "an output that exists is refused at once, and replaced with --force",
    inSandbox(async (box) => {
      await big(box);
      await sh(box, "echo old > out");
      expect(await sh(box, `open ${OPEN.join(" ")}`)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/exists/),
      });
      expect(partials(box)).toEqual([]);
      expect((await sh(box, `open ${OPEN.join(" ")} --force`)).status).toBe(0);
      expect(isRight(box)).toBe(true);
    }),
  );

  test.concurrent(
    "excludes what cannot be gone on with",
    inSandbox(async (box) => {
      await sh(box, "mkfifo pipe");
      for (const more of ["-o - ", "-o out --range 0-1", "-o /dev/null", "-o pipe"]) {
        const { status, stderr } = await sh(box, `open secret.sealed --key server.key --resume ${more}`);
        expect({ more, status, stderr }).toEqual({ more, status: 2, stderr: expect.stringMatching(/^seal: error/) });
      }
      expect((await sh(box, "open - --key server.key --resume -o out < secret.sealed")).status).toBe(2);
    }),
  );

  test.concurrent(
    "two at once do each other no harm",
    inSandbox(async (box) => {
      await big(box);
      await left(box, 1);
      const [a, b] = await Promise.all([1, 2].map(() => sh(box, `open ${OPEN.join(" ")}`)));
      expect([a!.status, b!.status]).toContain(0);
      expect([0, 2, 3]).toContain(Math.max(a!.status, b!.status));
      expect(isRight(box)).toBe(true);
    }),
  );

  test.concurrent.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s keeps what is verified, and says so",
    inSandbox(async (box, signal: NodeJS.Signals, status: number) => {
      await big(box);
      const server = await site(serving(readFileSync(join(box.dir, "big.sealed")), { pause: 2 }));
      const running = program(box, "open", [`${server.url}/big.sealed`, ...OPEN.slice(1)]);
      await until(() => partials(box).some((name) => statSync(join(box.dir, name)).size >= CHUNK), "the first chunk");
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ status, stderr: expect.stringMatching(/kept in .*seal-partial/) });
      await server.close();
      await goneOn(box);
    }),
  );
});

describe("an address", () => {
  /** A sandbox with a server that has the sealed file. */
  const served = (manners: Manners, work: (box: Sandbox, server: Site) => Promise<void>) =>
    inSandbox(async (box) => {
      await big(box);
      const server = await site(serving(readFileSync(join(box.dir, "big.sealed")), manners));
      try {
        await work(box, server);
      } finally {
        await server.close();
      }
    });

  test.concurrent(
    "is opened to the last segment's name, across broken connections",
    served({ drops: [5_000_000, 7_000_000] }, async (box, { url, asked }) => {
      renameSync(join(box.dir, "big"), join(box.dir, "original"));
      const { status, stderr } = await sh(box, `open '${url}/a/big.sealed?x=/y' --key server.key`);
      expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringMatching(/resuming at byte \d+\n/) });
      expect((await sh(box, "cmp big original")).status).toBe(0);
      expect(asked).toHaveLength(3);
    }),
  );

  test.concurrent(
    "is verified, several and files too, and gives one object each",
    served({}, async (box, { url }) => {
      const { status, stdout } = await sh(
        box,
        `seal verify --json ${url}/big.sealed secret.sealed http://me:hush@${url.slice(7)}/x --from master.pub`,
      );
      const inputs = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).input);
      expect({ status, inputs }).toEqual({ status: 0, inputs: [`${url}/big.sealed`, "secret.sealed", `${url}/x`] });
    }),
  );

  test.concurrent(
    "gives a range, for which no more is downloaded than it needs",
    served({}, async (box, server) => {
      const first = 2 * CHUNK + 5;
      const command = `open ${server.url}/f --key server.key -q -o out --range ${first}-${first + 9}`;
      expect(await sh(box, command)).toMatchObject({ status: 0, stderr: "" });
      const bytes = readFileSync(join(box.dir, "big")).subarray(first, first + 10);
      expect(readFileSync(join(box.dir, "out")).equals(bytes)).toBe(true);
      expect(server.served).toBeLessThan(RECORD + 1_000_000);
    }),
  );

  test.concurrent(
    "of a server that gives no parts: --range is refused, --resume begins at the beginning",
    served({ ignoresRange: true }, async (box, { url }) => {
      const range = await sh(box, `open ${url}/f --key server.key -o out --range 0-1`);
      expect(range).toMatchObject({ status: 3, stderr: expect.stringMatching(/ignores Range/) });
      const { status, stderr } = await sh(box, `open ${url}/f --key server.key -o out --resume`);
      expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringMatching(/from the start/) });
      expect(isRight(box)).toBe(true);
    }),
  );

  test.concurrent(
    "with headers from a file",
    served({}, async (box, server) => {
      await sh(box, "printf 'X-Token: hush\\nX-B: c\\n' > lines");
      const { status, stderr } = await sh(box, `seal verify ${server.url}/f --from master.pub --header @lines --json`);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(server.asked[0]!.headers).toMatchObject({ "x-token": "hush", "x-b": "c" });
    }),
  );

  test.concurrent(
    "that stalls leaves no output, and Ctrl-C ends the wait",
    served({ stalls: [6_000_000] }, async (box, { url }) => {
      const running = program(box, "open", [`${url}/f`, "--key", "server.key", "-o", "out"]);
      await sleep(1500);
      running.child.kill("SIGINT");
      expect((await running.ended).status).toBe(130);
      expect(existsSync(join(box.dir, "out"))).toBe(false);
    }),
  );
});
