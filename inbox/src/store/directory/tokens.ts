// Tokens of an inbox in a directory. Each is a file whose name is its hash: made and revoked without touching the
// others.

import { readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ioError, syncDirectory } from "@sealed-files/seal/internal";
import { codeOf } from "../../codes.js";
import type { TokenStore } from "../store.js";
import { replaceText } from "./files.js";

export class TokenFiles implements TokenStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(hash: string, text: string): Promise<void> {
    await this.replace(hash, text);
  }

  async replace(hash: string, text: string): Promise<void> {
    await replaceText(join(this.#directory, hash), text).catch((error) => {
      throw ioError(`cannot write to ${this.#directory}`, error);
    });
  }

  async get(hash: string): Promise<string | null> {
    try {
      return await readFile(join(this.#directory, hash), "utf8");
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
      throw ioError(`cannot read ${this.#directory}`, error);
    }
  }

  async hashes(): Promise<string[]> {
    const names = await readdir(this.#directory).catch((error) => {
      throw ioError(`cannot read ${this.#directory}`, error);
    });
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
  }

  async remove(hash: string): Promise<void> {
    try {
      await unlink(join(this.#directory, hash));
      await syncDirectory(this.#directory);
    } catch (error) {
      throw ioError(`cannot remove ${join(this.#directory, hash)}`, error);
    }
  }
}
