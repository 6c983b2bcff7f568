// Both cases, end to end, on real data. Files: two identities, a large file sealed, verified, opened to a file and
// through a pipe, and what must be refused. Records: a million appended, what a thief of the writer finds, all of them
// picked up. Prints the commands as one would type them. Fails if anything is not as expected.
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
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { searchMemory } from "./memory.js";

const SIZE = 256_000_000;
const LABEL = "demo backup";
const RECORDS = 1_000_000;
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
  await records();
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

/** Records that their writer cannot read again; the writer lives on while a thief looks for them. */
async function records() {
  const visit = (number) => `visit ${number} by 203.0.113.${number % 256}\n`;
  say(
    `\n${count(RECORDS)} records, one a line, for the server, who is away. They are acknowledged when they are on the disk:`,
  );
  const command = "seal journal append visits.journal --to server.pub --sign master.key";
  const started = performance.now();
  child = startProgram("seal", [...command.split(" ").slice(1), "--json"], ["pipe", "pipe", "inherit"]);
  const exit = new Promise((resolve) => child.once("close", resolve));
  const acknowledged = acknowledgements(child.stdout, RECORDS);
  await pipeline(Readable.from(lines(visit)), child.stdin, { end: false });
  expect((await acknowledged) === RECORDS, "not all records were acknowledged");
  told(command, performance.now() - started, `${count(RECORDS)} records`);

  const spoils = searchMemory(child.pid, "visit ");
  // What is no secret is found: the search works.
  expect(!spoils || searchMemory(child.pid, "visits.journal").found > 0, "the search of memory finds nothing at all");
  const onDisk = readFileSync(at("visits.journal")).indexOf("visit ");
  if (spoils)
    say(`  a thief reads all ${megabytes(spoils.bytes)} of the running writer's memory: ${spoils.found} records found`);
  else say("  (the memory of another process cannot be read here, so no thief is played)");
  say(`  and the journal on its disk: ${onDisk < 0 ? "none" : "some"} found`);
  expect(!spoils?.found && onDisk < 0, "records were found");
  child.stdin.end();
  expect((await exit) === 0, "the writer failed");

  const hash = createHash("sha256");
  for (const piece of lines(visit)) hash.update(piece);
  const read = await run("seal journal read visits.journal --key server.key", { pipe: "sha256sum", records: RECORDS });
  expect(read.hash === hash.digest("hex"), "the records read differ from those that were written");
}

function* lines(line) {
  for (let number = 0; number < RECORDS; ) {
    let text = "";
    for (const end = Math.min(RECORDS, number + 10_000); number < end; number++) text += line(number);
    yield text;
  }
}

/** Resolves with the number of records acknowledged once that is `wanted`, or the program has ended. */
async function acknowledgements(stdout, wanted) {
  let total = 0;
  for await (const line of createInterface({ input: stdout })) {
    total += JSON.parse(line).records;
    if (total >= wanted) break;
  }
  return total;
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
async function run(command, { bytes, records, pipe, status = 0 } = {}) {
  const [program, ...words] = command.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', ""));
  const started = performance.now();
  child = startProgram(program, words, ["ignore", "pipe", "pipe"]);
  const exit = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const [code, hash, stderr] = await Promise.all([exit, hashOf(child.stdout), textOf(child.stderr)]);
  const elapsed = performance.now() - started;
  const seconds = elapsed / 1000;
  const rate = bytes
    ? `${Math.round(bytes / 1e6 / seconds)} MB/s`
    : records
      ? `${count(records / seconds)} records/s`
      : "";
  told(`${command}${pipe ? ` | ${pipe}` : ""}`, elapsed, rate);
  expect(code === status, `${command}: exit status ${code} instead of ${status}\n${stderr}`);
  return { hash, stderr };
}

function startProgram(program, words, stdio) {
  return spawn(process.execPath, [join(root, "bin", `${program}.js`), ...words], {
    cwd: directory,
    env: { ...process.env, SEAL_HOME: at("home") },
    stdio,
  });
}

/** A command, how long it took, and what that means. */
function told(command, milliseconds, rate) {
  say(`${`$ ${command}`.padEnd(76)} ${(milliseconds / 1000).toFixed(2).padStart(6)} s ${rate.padStart(18)}`.trimEnd());
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

function count(number) {
  return Math.round(number).toLocaleString("en");
}

function short(hash) {
  return `${hash.slice(0, 8)}…${hash.slice(-8)}`;
}
