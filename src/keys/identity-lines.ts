// The lines of an identity file (docs/FORMAT.md, "Keys as text"). The file is a secret: its lines are looked at as
// bytes, and only what is public in it becomes text.

import { type Bytes, equal, fromUtf8, isUtf8, utf8 } from "../bytes.js";
import { copySecret, disclose, partOf, type Secret } from "../crypto/secret.js";
import type { Suite } from "../crypto/suite.js";
import { SealError } from "../errors.js";
import { parsePublicKey } from "./any.js";
import { BEGIN, END } from "./protected.js";
import { beginsAsSecret, eraseKeys, parseSecret } from "./secret-line.js";
import { isPrivateKey } from "./ssh/kinds.js";
import { encodeSigner, ofLine } from "./text.js";

/** A line as it stands in the file, its end included, and without its end and the blanks around it. */
interface Line {
  readonly whole: Secret;
  readonly line: Secret;
}

export interface IdentityLines {
  readonly lines: readonly Line[];
  /** The secret line; null where there is a block. A view on the file. */
  readonly secret: Secret | null;
  /** What stands between the ends of the block; null where there is a secret line. */
  readonly block: string | null;
  /** Each once. */
  readonly accept: readonly Bytes[];
  readonly acceptLines: readonly { readonly index: number; readonly key: string }[];
  /** Whether the secret line has no key that opens. */
  readonly onlySigns: boolean;
}

const [LF, CR, TAB, SPACE, HASH] = [0x0a, 0x0d, 0x09, 0x20, 0x23];
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
const ACCEPT = utf8("accept");
const [BEGIN_BYTES, END_BYTES] = [utf8(BEGIN), utf8(END)];

/**
 * What stands in an identity file. Throws `usage`, naming the line, `unsupported`; no message shows what stands in it.
 */
export async function readIdentityLines(suite: Suite, file: Secret): Promise<IdentityLines> {
  if (!isUtf8(file)) throw new SealError("usage", "not a text file");
  if (startsWith(file, BYTE_ORDER_MARK)) {
    throw new SealError("usage", "line 1: begins with a byte order mark (BOM)", {
      hint: "Save the file as UTF-8 without a BOM.",
    });
  }
  if (isPrivateKey(file)) throw new SealError("usage", "a private key of ssh's, in which no senders stand");
  const reading = new Reading(suite, linesOf(file));
  await reading.readAll();
  return reading.result();
}

class Reading {
  readonly #suite: Suite;
  readonly #lines: readonly Line[];
  readonly #secrets: Secret[] = [];
  #block: string | null = null;
  #onlySigns = false;
  readonly #accept = new Map<string, Bytes>();
  readonly #acceptLines: { readonly index: number; readonly key: string }[] = [];

  constructor(suite: Suite, lines: readonly Line[]) {
    this.#suite = suite;
    this.#lines = lines;
  }

  async readAll(): Promise<void> {
    for (let i = 0; i < this.#lines.length; i++) {
      const { line } = this.#lines[i]!;
      if (line.length === 0 || line[0] === HASH) continue;
      if (startsWith(line, ACCEPT) && isBlank(line[ACCEPT.length])) await this.#takeAccept(i, line);
      else if (beginsAsSecret(line)) this.#takeSecret(i, line);
      else if (equal(line, BEGIN_BYTES) && this.#block === null) i = this.#takeBlock(i);
      else throw this.#strange(i);
    }
  }

  result(): IdentityLines {
    const [secret = null] = this.#secrets;
    const block = this.#block;
    if (this.#secrets.length + (block === null ? 0 : 1) !== 1) {
      const found = secret === null ? "no secret key" : "more than one secret key";
      throw new SealError("usage", `${found} in the identity file`);
    }
    const accept = [...this.#accept.values()];
    return { lines: this.#lines, secret, block, accept, acceptLines: this.#acceptLines, onlySigns: this.#onlySigns };
  }

  async #takeAccept(index: number, line: Secret): Promise<void> {
    const accepted = trimmed(partOf(line, ACCEPT.length));
    try {
      if (beginsAsSecret(accepted)) throw new SealError("usage", "a secret key where a signer key belongs");
      const signer = await this.#signerOf(textOf(accepted));
      const key = encodeSigner(signer);
      this.#accept.set(key, signer);
      this.#acceptLines.push({ index, key });
    } catch (error) {
      throw ofLine(index, error);
    }
  }

  /** A signer who stands there twice is checked once. */
  async #signerOf(text: string): Promise<Bytes> {
    return this.#accept.get(text) ?? (await parsePublicKey(this.#suite, text, "signer"));
  }

  #takeSecret(index: number, line: Secret): void {
    try {
      const keys = parseSecret(line);
      this.#onlySigns = keys.opening === null;
      eraseKeys(keys);
    } catch (error) {
      throw ofLine(index, error);
    }
    this.#secrets.push(line);
  }

  /** The index of the block's end. */
  #takeBlock(begin: number): number {
    // None stands before: it would have been refused.
    const end = this.#lines.findIndex(({ line }) => equal(line, END_BYTES));
    if (end === -1) throw new SealError("usage", "the protected block of the identity file has no end");
    const inside = this.#lines.slice(begin + 1, end).map(({ line }) => line);
    // A secret in it becomes no string: such a block is damaged, as an empty one is.
    this.#block = inside.some(beginsAsSecret) ? "" : inside.map(textOf).join("\n");
    return end;
  }

  #strange(index: number): SealError {
    const isPublic = this.#lines.some(({ line }) => PUBLIC.some((begins) => startsWith(line, begins)));
    return new SealError("usage", `line ${index + 1} does not belong in an identity file`, {
      hint: isPublic ? "This looks like a public key file; the identity is the .key file beside it." : undefined,
    });
  }
}

const PUBLIC = [utf8("seal1"), utf8("sealsig1")];

function linesOf(file: Secret): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start <= file.length; ) {
    const found = file.indexOf(LF, start);
    const end = found < 0 ? file.length : found;
    const content = partOf(file, start, file[end - 1] === CR ? end - 1 : end);
    lines.push({ whole: partOf(file, start, Math.min(end + 1, file.length)), line: trimmed(content) });
    start = end + 1;
  }
  return lines;
}

/** Without the spaces and tabs around it. */
function trimmed(line: Secret): Secret {
  let end = line.length;
  while (isBlank(line[end - 1])) end--;
  let start = 0;
  while (isBlank(line[start])) start++;
  return partOf(line, start, end);
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function startsWith(line: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, i) => line[i] === byte);
}

/** What is public in a line, as text; known to be UTF-8. */
function textOf(line: Secret): string {
  return fromUtf8(disclose(copySecret(line))) ?? "";
}
