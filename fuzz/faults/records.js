// Records, in a frame and out of one.

export const records = [
  {
    name: "a record that is no text is written as one",
    target: "framing",
    file: "src/journal/lines/objects.ts",
    from: "const text = fromUtf8(record);\n  return JSON",
    to: "const text = Buffer.from(record).toString();\n  return JSON",
  },
  {
    name: "a line in several pieces may be too long",
    target: "framing",
    file: "src/journal/lines/split.ts",
    from: "!this.#isTooLong && this.begun.length + length > this.longest",
    to: "!this.#isTooLong && length > this.longest",
  },
  {
    name: "a newline behind one in a length is not seen",
    target: "framing",
    file: "src/journal/lines/join.ts",
    from: "if (next >= 0 && next < start) next = bytes.indexOf(NEWLINE, start);",
    to: "",
  },
  {
    name: "a record may end behind its batch",
    target: "batch",
    file: "src/format/batch.ts",
    from: 'if (end > view.byteLength) throw malformed("ends inside a record");',
    to: "",
  },
  {
    name: "a record may have no heads behind the top bit of its length",
    target: "batch",
    file: "src/format/batch.ts",
    from: "length < 1 || length > MAX_HEADS_BYTES",
    to: "length > MAX_HEADS_BYTES",
  },
  {
    name: "heads of a record may stand in any order",
    target: "batch",
    file: "src/format/heads.ts",
    from: "if (key <= last)",
    to: "if (key === last)",
  },
  {
    name: "a head may have any name",
    target: "batch",
    file: "src/format/heads.ts",
    from: "key === null || !KEY.test(key)",
    to: "key === null",
  },
  {
    name: "a head may have a text of any length",
    target: "batch",
    file: "src/format/heads.ts",
    from: 'if (length > MAX_HEAD_VALUE) return "with a text that is too long";',
    to: "",
  },
  {
    name: "heads are not looked through before records are released",
    target: "batch",
    file: "src/format/batch.ts",
    from: "const fault = heads > 0 ? headsFault(",
    to: "const fault = heads < 0 ? headsFault(",
  },
  {
    name: "a batch may be sealed a second after the last",
    target: "batch",
    file: "src/format/batch.ts",
    from: "MAX_SEALED_AT * 1000 + 999;",
    to: "MAX_SEALED_AT * 1000 + 1000;",
  },
];
