// Fields for public keys, and how keys are shown.

import { fingerprint, parsePublicKeys } from "../library.js";
import { nameOf } from "../state/senders.js";
import { TEXT } from "../text.js";
import { type Child, h } from "./dom.js";
import { chooser, field, textArea } from "./parts.js";
import { bdi } from "./safe.js";

export interface KeysField {
  readonly element: HTMLElement;
  /** The text, as it was typed or read. */
  readonly text: string;
  set(text: string): void;
  /** Throws `usage`. */
  keys(): Promise<{ readonly recipients: readonly string[]; readonly signers: readonly string[] }>;
}

/** The most that is read of a file that should hold public keys. */
const MOST = 16 * 1024 * 1024;

export function keysField(label: string, hint: string, { multiple = false } = {}): KeysField {
  const area = textArea();
  const read = async (files: readonly File[]) => {
    const texts = await Promise.all(files.map((file) => file.slice(0, MOST).text()));
    area.value = [...(multiple && area.value.trim() !== "" ? [area.value.trim()] : []), ...texts].join("\n");
  };
  const choose = chooser(TEXT.common.choosePublic, (files) => void read(files), { multiple });
  return {
    element: h("div", {}, field(label, area, hint), choose),
    get text() {
      return area.value.trim();
    },
    set: (text) => {
      area.value = text;
    },
    keys: () => parsePublicKeys(area.value),
  };
}

/** Who it is: the name, where the contacts file has one, and the key. */
export function keyShown(key: string): Child {
  const name = nameOf(key);
  return h("span", {}, name === null ? null : h("strong", {}, bdi(name), " "), bdi(shortKey(key), { class: "key" }));
}

/** A post-quantum key has two thousand letters. */
function shortKey(key: string): string {
  return key.length <= 100 ? key : `${key.slice(0, 40)}…${key.slice(-12)}`;
}

/** Filled in a moment later. */
export function fingerprintShown(key: string): HTMLElement {
  const shown = h("span", { class: "print" });
  void Promise.resolve(fingerprint(key)).then((text) => {
    shown.textContent = text;
  });
  return shown;
}
