// The main job, end to end, on real data: two identities, a large file sealed, verified, opened to a file and through a
// pipe, and what must be refused. Prints the commands as one would type them. Fails if anything is not as expected.
import { spawn } from "node:child_process";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import {
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { copyFile, open, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

const SIZE = 256_000_000;
const LABEL = "demo backup";
const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const directory = mkdtempSync(join(tmpdir(), "seal-demo-"));
const at = (name) => join(directory, name);
const say = (text = "") => process.stdout.write(`${text}\n`);
let child;

process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.on(signal, () => {
    const leave = () => process.exit(status);
    if (!child || child.exitCode !== null) return leave();
    child.once("exit", leave);
    child.kill("SIGKILL");
  });
}

try {
  await demo();
} catch (error) {
  process.stderr.write(`\nThe demo FAILED: ${error.message}\n`);
  process.exitCode = 1;
}

async function demo() {
  say(`seal ${version} on Node ${process.versions.node}, in a temporary directory, ${megabytes(SIZE)} of data\n`);
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < 2.2 * SIZE) {
    throw new Error(`${tmpdir()} has less than ${megabytes(2.2 * SIZE)} free: name another directory in TMPDIR`);
  }
  await makeKeys();
  const hash = await sealAndVerify();
  await openBothWays(hash);
  await refusals();
  say("\nAll is well: what was sealed came back byte for byte, and what was not the sender's was refused.");
}

async function makeKeys() {
  say("An identity for the machine that sends, and one for a server that accepts files of this sender only:");
  await run("seal keygen -o master.key");
  await run("seal keygen -o server.key --from master.pub");
}

/** Returns the SHA-256 of the plaintext, which is gone then. */
async function sealAndVerify() {
  const hash = await writeRandom(at("backup.img"));
  say(
    `\nbackup.img is ${megabytes(SIZE)} of fresh random data, SHA-256 ${short(hash)}. The sender seals it and deletes it:`,
  );
  await run(`seal backup.img --to server.pub --sign master.key --label "${LABEL}"`, { bytes: SIZE });
  await rm(at("backup.img"));
  const { size } = await stat(at("backup.img.sealed"));
  expect(size > SIZE && size < SIZE * 1.001, `the sealed file has ${size} bytes`);
  say(`\nbackup.img.sealed is ${size - SIZE} bytes longer. Anyone can verify it, with the sender's public key alone:`);
  await run(`seal verify backup.img.sealed --from master.pub --label "${LABEL}"`, { bytes: SIZE });
  return hash;
}

async function openBothWays(hash) {
  say("\nThe server opens it, to a file and through a pipe:");
  await run("open backup.img.sealed --key server.key", { bytes: SIZE });
  expect((await hashOf(createReadStream(at("backup.img")))) === hash, "the opened file differs from what was sealed");
  await rm(at("backup.img"));
  const piped = await run("open backup.img.sealed --key server.key -o -", { bytes: SIZE, pipe: "sha256sum" });
  expect(piped.hash === hash, "what came through the pipe differs from what was sealed");
  say(`  both times SHA-256 ${short(hash)}`);
}

async function refusals() {
  say("\nOne bit of a copy is flipped:");
  await copyFile(at("backup.img.sealed"), at("copy.sealed"), constants.COPYFILE_FICLONE);
  await flipBit(at("copy.sealed"), Math.floor(SIZE / 2));
  await refused("open copy.sealed --key server.key", 6, "copy");

  say("\nSomebody whom the server does not know seals a file for it:");
  await run("seal keygen -o stranger.key");
  await writeRandom(at("gift"), 1000);
  await run("seal gift --to server.pub --sign stranger.key");
  await rm(at("gift"));
  await refused("open gift.sealed --key server.key", 7, "gift");
}

/** Runs a command that must fail with `status` and leave no output. */
async function refused(command, status, output) {
  const { stderr } = await run(command, { status });
  say(`  ${stderr.split("\n")[0].replace(/(sealsig1.{8})[0-9a-z]+/g, "$1…")}`);
  expect(!existsSync(at(output)), `${output} exists after a refusal`);
  expect(!readdirSync(directory).some((name) => name.endsWith(".tmp")), "a temporary file exists after a refusal");
  say(`  refused with exit status ${status}, and no output was left`);
}

/** Runs `seal …` or `open …` as a process of its own, shows and times it. Throws unless it exits with `status`. */
async function run(command, { bytes, pipe, status = 0 } = {}) {
  const [program, ...words] = command.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', ""));
  const started = performance.now();
  child = spawn(process.execPath, [join(root, "bin", `${program}.js`), ...words], {
    cwd: directory,
    env: { ...process.env, SEAL_HOME: at("home") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const [code, hash, stderr] = await Promise.all([exit, hashOf(child.stdout), textOf(child.stderr)]);
  const seconds = (performance.now() - started) / 1000;
  const rate = bytes === undefined ? "" : `${Math.round(bytes / 1e6 / seconds)} MB/s`;
  const shown = `$ ${command}${pipe ? ` | ${pipe}` : ""}`;
  say(`${shown.padEnd(76)} ${seconds.toFixed(2).padStart(6)} s ${rate.padStart(10)}`.trimEnd());
  expect(code === status, `${command}: exit status ${code} instead of ${status}\n${stderr}`);
  return { hash, stderr };
}

async function hashOf(stream) {
  const hash = createHash("sha256");
  for await (const bytes of stream) hash.update(bytes);
  return hash.digest("hex");
}

async function textOf(stream) {
  let text = "";
  for await (const bytes of stream.setEncoding("utf8")) text += bytes;
  return text;
}

/** Fresh pseudo-random bytes: a keystream under a random key. Returns their SHA-256. */
async function writeRandom(path, size = SIZE) {
  const stream = createCipheriv("aes-256-ctr", randomBytes(32), randomBytes(16));
  const hash = createHash("sha256");
  const zeros = Buffer.alloc(1_000_000);
  const pieces = function* () {
    for (let done = 0; done < size; done += zeros.length) {
      const piece = stream.update(zeros.subarray(0, Math.min(zeros.length, size - done)));
      hash.update(piece);
      yield piece;
    }
  };
  await pipeline(Readable.from(pieces()), createWriteStream(path));
  return hash.digest("hex");
}

async function flipBit(path, position) {
  const file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  buffer[0] ^= 1;
  await file.write(buffer, 0, 1, position);
  await file.close();
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}

function short(hash) {
  return `${hash.slice(0, 8)}…${hash.slice(-8)}`;
}
