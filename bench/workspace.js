// A directory on tmpfs with the program, keys and data; gone when the benchmark ends.

import { createCipheriv, generateKeyPairSync, randomBytes } from "node:crypto";
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { pathToFileURL } from "node:url";
import { bech32 } from "@scure/base";
import { RECIPIENT_KINDS, RECIPIENTS, SMALL_FILES, smallFile } from "./cases/special.js";
import { locate } from "./machine.js";
import { must, run } from "./measure.js";
import { MIB, ROOT } from "./options.js";

const TMPFS = 0x01021994;
const SHARED_MEMORY = "/dev/shm";

/**
 * @typedef {object} Workspace
 * @property {string} path
 * @property {NodeJS.ProcessEnv} env of the programs
 * @property {boolean} onTmpfs
 * @property {boolean} disk whether `disk/` is on something else than tmpfs
 * @property {() => Promise<void>} remove
 */

/** @returns {Workspace} */
export function makeWorkspace() {
  const place = isTmpfs(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir();
  const path = mkdtempSync(`${place}/seal-bench-`);
  const disk = mkdtempSync(`${tmpdir()}/seal-bench-disk-`);
  symlinkSync(disk, `${path}/disk`);
  for (const name of ["out", "home", "gnupg"]) mkdirSync(`${path}/${name}`, { mode: 0o700 });
  copyProgram(path);
  const programs = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"));
  const env = {
    PATH: programs.join(delimiter),
    HOME: `${path}/home`,
    SEAL_HOME: `${path}/home/seal`,
    GNUPGHOME: `${path}/gnupg`,
    LC_ALL: "C",
  };
  const remove = async () => {
    if (locate("gpgconf")) await run(["gpgconf", "--kill", "all"], { env });
    for (const directory of [disk, path]) rmSync(directory, { recursive: true, force: true });
  };
  return { path, env, onTmpfs: isTmpfs(path), disk: !isTmpfs(disk), remove };
}

function isTmpfs(path) {
  try {
    return statfsSync(path).type === TMPFS;
  } catch {
    return false;
  }
}

/** What is built now, so that a build in the meantime changes nothing. */
function copyProgram(path) {
  for (const part of ["bin", "dist", "package.json"]) {
    cpSync(`${ROOT}${part}`, `${path}/program/${part}`, { recursive: true });
  }
  symlinkSync(`${ROOT}node_modules`, `${path}/program/node_modules`);
  symlinkSync(`${ROOT}bench`, `${path}/bench`);
}

/**
 * How many bytes of data there is room for, in the file system and in the memory behind it. @param {Workspace}
 * workspace
 */
export function room({ path, onTmpfs }) {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (!onTmpfs) return free;
  const available = /MemAvailable:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"));
  return Math.min(free, Number(available?.[1] ?? 0) * 1024);
}

/** Data that cannot be compressed: a key stream. @param {string} path @param {number} size */
export function writeRandom(path, size) {
  const stream = createCipheriv("aes-256-ctr", randomBytes(32), randomBytes(16));
  const zeros = Buffer.alloc(Math.min(size, 4 * MIB));
  const file = openSync(path, "w");
  for (let left = size; left > 0; left -= zeros.length) writeSync(file, stream.update(zeros.subarray(0, left)));
  closeSync(file);
}

/**
 * Keys of everybody, the files of 1 KiB and 20 MB and what is made of them, the small files.
 * @param {Workspace} workspace @param {import("./cases/groups.js").Plan} plan
 */
export async function furnish({ path, env }, plan) {
  const call = (...command) => must(command, { cwd: path, env });
  const seal = (...args) => call(plan.node, "program/bin/seal.js", ...args);
  const at = (name) => `${path}/${name}`;

  await seal("keygen", "-q", "-o", "alice.key");
  await seal("keygen", "-q", "-o", "bob.key", "--from", "alice.pub");
  for (const name of ["alice", "bob"]) await seal("keygen", "-q", "--classic", "-o", `${name}-classic.key`);
  await writeRecipients(path);
  writeRandom(at("tiny"), 1024);
  writeRandom(at("twenty"), 20_000_000);
  for (const name of ["tiny", "twenty"]) await seal(name, "--to", "bob.pub", "--sign", "alice.key", "-q");
  for (const { ending } of RECIPIENT_KINDS) {
    for (const count of RECIPIENTS) {
      const names = ["--to", `to-${count}${ending}.pub`, "-o", `tiny.${count}${ending}.sealed`];
      await seal("tiny", "--sign", "alice.key", "-q", ...names);
    }
  }
  mkdirSync(at("small"));
  const files = plan.quick ? SMALL_FILES.quick : SMALL_FILES.count;
  for (let index = 0; index < files; index++) writeRandom(at(smallFile(index)), SMALL_FILES.size);

  await call(plan.node, "bench/peers/age-encryption.js", "keygen", "agejs.key");
  if (plan.has("age")) await ageKeys(path, call);
  if (plan.has("gpg")) await gpgKeys(call);
  if (plan.has("sq")) await sqKeys(call);
  if (plan.has("minisign")) await call("minisign", "-G", "-W", "-p", "minisign.pub", "-s", "minisign.key");
}

/** Lists of recipients of each kind, bob the last of each. */
async function writeRecipients(path) {
  const { Identity } = await import(pathToFileURL(`${path}/program/dist/index.js`).href);
  for (const { ending, last } of RECIPIENT_KINDS) {
    const { recipient } = await Identity.parse(readFileSync(`${path}/${last}.key`));
    const classic = ending !== "";
    const others = [];
    while (others.length < RECIPIENTS.at(-1) - 1)
      others.push((await Identity.generate({ classic })).identity.recipient);
    for (const count of RECIPIENTS) {
      writeFileSync(`${path}/to-${count}${ending}.pub`, `${[...others.slice(0, count - 1), recipient].join("\n")}\n`);
    }
  }
}

async function ageKeys(path, call) {
  await call("age-keygen", "-o", "age.key");
  const own = (await call("age-keygen", "-y", "age.key")).trim();
  writeFileSync(`${path}/age.pub`, `${own}\n`);
  const others = Array.from({ length: RECIPIENTS.at(-1) - 1 }, ageRecipient);
  for (const count of RECIPIENTS) {
    writeFileSync(`${path}/age-${count}.pub`, `${[...others.slice(0, count - 1), own].join("\n")}\n`);
    await call("age", "-R", `age-${count}.pub`, "-o", `tiny.${count}.age`, "tiny");
  }
}

function ageRecipient() {
  const { x } = generateKeyPairSync("x25519", { publicKeyEncoding: { format: "jwk" } }).publicKey;
  return bech32.encodeFromBytes("age", Buffer.from(x, "base64url"));
}

async function gpgKeys(call) {
  for (const name of ["alice", "bob"]) {
    const quick = ["--quick-gen-key", `${name}@bench.example`, "future-default", "default", "never"];
    await call("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", ...quick);
  }
}

async function sqKeys(call) {
  for (const name of ["alice", "bob"]) {
    await call("sq", "key", "generate", "--userid", `<${name}@bench.example>`, "--export", `${name}.pgp`);
    await call("sq", "key", "extract-cert", "--output", `${name}.pgp.pub`, `${name}.pgp`);
  }
}
