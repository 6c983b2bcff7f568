// Journals.

export const journal = [
  {
    name: "a frame's signature is not looked at",
    target: "journal",
    file: "src/engine/frames.ts",
    from: "for (let i = 0; i < count; i++) if (!isSigned(i)) return i;",
    to: "",
  },
  {
    name: "a window's last signature is not looked at",
    target: "journal",
    file: "src/engine/frames.ts",
    from: 'if (which === "last" && count > 0 && isSigned(count - 1)) return count;',
    to: 'if (which === "last") return count;',
  },
  {
    name: "the chain value of the first of some frames is not compared",
    target: "journal",
    file: "src/journal/reading/walk.ts",
    from: "if (authentic === 0 || !equal(chains.subarray(0, CHAIN_BYTES), at.chain)) return null;",
    to: "if (authentic === 0) return null;",
  },
  {
    name: "the check of a frame's length is not compared",
    target: "journal",
    file: "src/engine/frames.ts",
    from: " || !equal(head, frameHead(suite, due, length))",
    to: " || head.length === 0",
  },
  {
    name: "the check of a frame that is cut is not compared",
    target: "journal",
    file: "src/journal/reading/walk.ts",
    from: "if (head && !equal(head, frameHead(suite, at.chain, readU32(head)))) throw",
    to: "if (head && readU32(head) === 0) throw",
  },
  {
    name: "a frame may be signed by the record key of another epoch",
    target: "journal",
    file: "src/engine/frames.ts",
    from: `    return recordKey.verify(message, signature);
  });
  return releasedFrames(run, linked, authentic);
}`,
    to: `    known.set(recordKey.publicKey.join(), recordKey);
    return [...known.values()].some((key) => key.verify(message, signature));
  });
  return releasedFrames(run, linked, authentic);
}
const known = new Map<string, VerifyingKey>();`,
  },
  {
    name: "a base's signature is not looked at",
    target: "journal",
    file: "src/journal/reading/logical.ts",
    from: "if (!signer.verify(baseMessage(suite, bytes), signature)) {",
    to: "if (baseMessage(suite, bytes).length === 0) {",
  },
  {
    name: "the epoch behind a base may follow any other",
    target: "journal",
    file: "src/journal/reading/epochs.ts",
    from: "if (equal(core.previous!, previous)) return found;",
    to: "if (core.previous!.length === previous.length) return found;",
  },
  {
    name: "the epoch behind a base may have another label",
    target: "journal",
    file: "src/journal/reading/epochs.ts",
    from: 'if (core.label !== label) throw notOfThisJournal(offset, "another label");',
    to: "",
  },
  {
    name: "a base may be missing",
    target: "journal",
    file: "src/journal/reading/epochs.ts",
    from: "if (!isZero(begun.core.previous!)) {",
    to: "if (begun.core.previous!.length === 0) {",
  },
  {
    name: "an epoch may follow any other",
    target: "journal",
    file: "src/journal/reading/walk.ts",
    from: "if (equal(previous, chain)) return;",
    to: "if (previous.length === chain.length) return;",
  },
  {
    name: "an epoch may have another label",
    target: "journal",
    file: "src/journal/reading/epochs.ts",
    from: 'if (core.label !== first.label) throw notOfThisJournal(offset, "another label");',
    to: "",
  },
  {
    name: "a signature that ends with a zero counts as torn where zeros follow",
    target: "journal",
    file: "src/journal/reading/header.ts",
    from: "(await this.#window.isZeroFrom(this.#length)))) return null;",
    to: "(await this.#window.isZeroFrom(this.#length + SIGNATURE_BYTES - 1)))) return null;",
  },
  {
    name: "zeros behind the last frame are damage",
    target: "journal",
    file: "src/journal/reading/scan.ts",
    from: "if (await window.isZeroFrom(0)) return endOf(window);",
    to: "",
  },
  {
    name: "a frame whose signature is zero is an end, whatever follows",
    target: "journal",
    file: "src/journal/reading/scan.ts",
    from: "if (isWhole && !(await window.isZeroFrom(whole - SIGNATURE_BYTES))) return null;",
    to: "if (isWhole && !window.isZero(whole - SIGNATURE_BYTES, SIGNATURE_BYTES)) return null;",
  },
  {
    name: "zeros alone behind a base are damage",
    target: "journal",
    file: "src/journal/reading/epochs.ts",
    from: "if (await window.isZeroFrom(0)) return null;",
    to: "",
  },
  {
    name: "zeros may be the torn beginning of a journal",
    target: "journal",
    file: "src/journal/reading/header.ts",
    from: "const isKnown = offset >= MAGIC.length || this.#window.position > 0;",
    to: "const isKnown = offset >= 0;",
  },
  {
    name: "what was removed behind a cursor is passed over unasked",
    target: "journal",
    file: "src/journal/reading/walk.ts",
    from: "const isBefore = skipRemoved && cursor.end",
    to: "const isBefore = skipRemoved !== null && cursor.end",
  },
];
