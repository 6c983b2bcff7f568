// A small text in a file, which several processes may replace.

import { readFile } from "node:fs/promises";
import { ioError } from "@sealed-files/seal/internal";
import { codeOf } from "../../codes.js";
import type { TextStore } from "../store.js";
import { locked, replaceText } from "./files.js";

export class TextFile implements TextStore {
  readonly name: string;
  readonly #path: string;

  constructor(path: string) {
    this.name = path;
    this.#path = path;
  }

  get(): Promise<string | null> {
    return readFile(this.#path, "utf8").catch((error) => {
      if (codeOf(error) === "ENOENT") return null;
      throw ioError(`cannot read ${this.#path}`, error);
    });
  }

  swap(before: string | null, text: string): Promise<boolean> {
    return locked(this.#path, async () => {
      if ((await this.get()) !== before) return false;
      await replaceText(this.#path, text).catch((error) => {
        throw ioError(`cannot write ${this.#path}`, error);
      });
      return true;
    });
  }
}
