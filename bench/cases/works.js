// What each program is asked to do, as data: the table of everything that is compared by throughput.

import { MIB } from "../options.js";

/**
 * Plain data, or what a work makes of it. @typedef {"plain" | "sealed" | "unsigned" | "age" | "agejs" | "gpg" | "sq" |
 * "minisig" | "ctr"} Kind
 */

/**
 * What commands are made of; all names are relative to the working directory.
 * @typedef {object} Words
 * @property {string} node
 * @property {string[]} seal the program
 * @property {number} threads
 * @property {string[]} threadsFlag
 * @property {(kind: Kind) => string} the the name of a file of this size
 * @property {string} out
 */

/**
 * @typedef {object} Work
 * @property {string} tool
 * @property {string} work
 * @property {Kind[]} needs the first is what a pipeline is fed with
 * @property {Kind} [makes]
 * @property {boolean} [restores] the output is the plain data
 * @property {number} [upTo] slow programs: the largest size
 * @property {(w: Words) => string[]} [file] from file to file
 * @property {(w: Words) => string[]} [pipe] from stdin to stdout
 */

const SLOW = 256 * MIB;

const TO = ["--to", "bob.pub"];
const SIGNED = [...TO, "--sign", "alice.key", "-q"];
const UNSIGNED = [...TO, "--unsigned", "-q"];
const KEY = ["--key", "bob.key", "--from", "alice.pub", "-q"];
const KEY_ONLY = ["--key", "bob.key", "--allow-unsigned", "-q"];

const AGE_TO = ["age", "-R", "age.pub"];
const AGE_OPEN = ["age", "-d", "-i", "age.key"];
const GPG = ["gpg", "--batch", "--quiet", "--no-tty", "--trust-model", "always"];
const GPG_SEAL = [...GPG, "-z", "0", "-u", "alice@bench.example", "-r", "bob@bench.example", "--sign", "--encrypt"];
const SQ_SEAL = ["sq", "encrypt", "--binary", "--compression", "none", "--recipient-cert", "bob.pgp.pub"];
const CTR = ["openssl", "enc", "-aes-256-ctr", "-K", "01".repeat(32), "-iv", "02".repeat(16)];

const bare = (w, mode, ...files) => [w.node, "bench/bare/files.js", mode, String(w.threads), ...files];
const barePipe = (mode) => (w) => [w.node, "bench/bare/pipe.js", mode, String(w.threads)];
const ageJs = (w, verb, kind) => [w.node, "bench/peers/age-encryption.js", verb, "agejs.key", w.the(kind), w.out];

/** @type {Work[]} */
export const WORKS = [
  {
    tool: "seal",
    work: "seal, signed",
    needs: ["plain"],
    makes: "sealed",
    file: (w) => [...w.seal, w.the("plain"), ...SIGNED, ...w.threadsFlag, "-o", w.out],
    pipe: (w) => [...w.seal, "-", ...SIGNED, ...w.threadsFlag],
  },
  {
    tool: "seal",
    work: "seal, unsigned",
    needs: ["plain"],
    makes: "unsigned",
    file: (w) => [...w.seal, w.the("plain"), ...UNSIGNED, ...w.threadsFlag, "-o", w.out],
    pipe: (w) => [...w.seal, "-", ...UNSIGNED, ...w.threadsFlag],
  },
  {
    tool: "seal",
    work: "open, signed",
    needs: ["sealed"],
    restores: true,
    file: (w) => [...w.seal, "open", w.the("sealed"), ...KEY, ...w.threadsFlag, "-o", w.out],
    pipe: (w) => [...w.seal, "open", "-", ...KEY, ...w.threadsFlag, "-o", "-"],
  },
  {
    tool: "seal",
    work: "open, unsigned",
    needs: ["unsigned"],
    restores: true,
    file: (w) => [...w.seal, "open", w.the("unsigned"), ...KEY_ONLY, ...w.threadsFlag, "-o", w.out],
    pipe: (w) => [...w.seal, "open", "-", ...KEY_ONLY, ...w.threadsFlag, "-o", "-"],
  },
  {
    tool: "seal",
    work: "verify",
    needs: ["sealed"],
    file: (w) => [...w.seal, "verify", w.the("sealed"), "--from", "alice.pub", "-q", ...w.threadsFlag],
    pipe: (w) => [...w.seal, "verify", "-", "--from", "alice.pub", "-q", ...w.threadsFlag],
  },
  {
    tool: "bare loop",
    work: "seal, signed",
    needs: ["plain"],
    file: (w) => bare(w, "seal", w.the("plain"), w.out),
    pipe: barePipe("seal"),
  },
  {
    tool: "bare loop",
    work: "seal, unsigned",
    needs: ["plain"],
    file: (w) => bare(w, "unsigned", w.the("plain"), w.out),
    pipe: barePipe("unsigned"),
  },
  {
    tool: "bare loop",
    work: "open, signed",
    needs: ["plain"],
    file: (w) => bare(w, "open", w.the("plain"), w.out),
    pipe: barePipe("open"),
  },
  {
    tool: "bare loop",
    work: "open, unsigned",
    needs: ["plain"],
    file: (w) => bare(w, "open-unsigned", w.the("plain"), w.out),
    pipe: barePipe("open-unsigned"),
  },
  {
    tool: "bare loop",
    work: "verify",
    needs: ["plain"],
    file: (w) => bare(w, "verify", w.the("plain")),
  },
  {
    tool: "age",
    work: "encrypt",
    needs: ["plain"],
    makes: "age",
    file: (w) => [...AGE_TO, "-o", w.out, w.the("plain")],
    pipe: () => AGE_TO,
  },
  {
    tool: "age",
    work: "decrypt",
    needs: ["age"],
    restores: true,
    file: (w) => [...AGE_OPEN, "-o", w.out, w.the("age")],
    pipe: () => AGE_OPEN,
  },
  {
    tool: "gpg",
    work: "sign and encrypt",
    needs: ["plain"],
    makes: "gpg",
    upTo: SLOW,
    file: (w) => [...GPG_SEAL, "-o", w.out, w.the("plain")],
    pipe: () => GPG_SEAL,
  },
  {
    tool: "gpg",
    work: "decrypt and verify",
    needs: ["gpg"],
    restores: true,
    upTo: SLOW,
    file: (w) => [...GPG, "-o", w.out, "--decrypt", w.the("gpg")],
    pipe: () => [...GPG, "--decrypt"],
  },
  {
    tool: "sq",
    work: "sign and encrypt",
    needs: ["plain"],
    makes: "sq",
    upTo: SLOW,
    file: (w) => [...SQ_SEAL, "--signer-key", "alice.pgp", "-o", w.out, w.the("plain")],
  },
  {
    tool: "sq",
    work: "decrypt and verify",
    needs: ["sq"],
    restores: true,
    upTo: SLOW,
    file: (w) => [
      "sq",
      "decrypt",
      "--recipient-key",
      "bob.pgp",
      "--signer-cert",
      "alice.pgp.pub",
      "-o",
      w.out,
      w.the("sq"),
    ],
  },
  {
    tool: "age-encryption",
    work: "encrypt",
    needs: ["plain"],
    makes: "agejs",
    upTo: SLOW,
    file: (w) => ageJs(w, "encrypt", "plain"),
  },
  {
    tool: "age-encryption",
    work: "decrypt",
    needs: ["agejs"],
    restores: true,
    upTo: SLOW,
    file: (w) => ageJs(w, "decrypt", "agejs"),
  },
  {
    tool: "minisign",
    work: "sign",
    needs: ["plain"],
    makes: "minisig",
    file: (w) => ["minisign", "-S", "-s", "minisign.key", "-x", w.out, "-m", w.the("plain")],
  },
  {
    tool: "minisign",
    work: "verify",
    needs: ["plain", "minisig"],
    file: (w) => ["minisign", "-V", "-q", "-p", "minisign.pub", "-x", w.the("minisig"), "-m", w.the("plain")],
  },
  {
    tool: "openssl",
    work: "encrypt (bare cipher)",
    needs: ["plain"],
    makes: "ctr",
    file: (w) => [...CTR, "-in", w.the("plain"), "-out", w.out],
    pipe: () => CTR,
  },
  {
    tool: "openssl",
    work: "decrypt (bare cipher)",
    needs: ["ctr"],
    restores: true,
    file: (w) => [...CTR, "-d", "-in", w.the("ctr"), "-out", w.out],
    pipe: () => [...CTR, "-d"],
  },
  {
    tool: "cp",
    work: "copy",
    needs: ["plain"],
    restores: true,
    file: (w) => ["cp", w.the("plain"), w.out],
    pipe: () => ["cat"],
  },
];

/** @param {string} tool @param {string} work */
export function workOf(tool, work) {
  return WORKS.find((entry) => entry.tool === tool && entry.work === work);
}

/** The work that makes a kind of file. @param {Kind} kind */
export function makerOf(kind) {
  return WORKS.find(({ makes }) => makes === kind);
}
