// Cursors, and writers that come back.

export const cursor = [
  {
    name: "a number with zeros in front is taken",
    target: "cursor",
    file: "src/format/cursor.ts",
    from: "(0|[1-9]\\\\d{0,15})",
    to: "(\\\\d{1,16})",
  },
  {
    name: "a cursor may be another journal's",
    target: "cursor",
    file: "src/journal/reading/continue.ts",
    from: "if (equal(suite.sha256(first.bytes), journal)) return first;",
    to: "if (first) return first;",
  },
  {
    name: "a cursor's header may be another",
    target: "cursor",
    file: "src/journal/reading/continue.ts",
    from: "if (!equal(epochChain(suite, header.coreBytes, header.stanzaBytes), cursor.header)) return false;",
    to: "",
  },
  {
    name: "a cursor for something else is taken",
    target: "cursor",
    file: "src/format/cursor.ts",
    from: "if (found !== purpose) throw otherPurpose(found as Purpose, purpose, name);",
    to: "",
  },
  {
    name: "the ratchet goes as far as a cursor says",
    target: "cursor",
    file: "src/journal/reading/continue.ts",
    from: "return cursor.epoch + cursor.frames * MIN_FRAME_BYTES <= cursor.end;",
    to: "return true;",
  },
  {
    name: "a header is torn only where its signature is",
    target: "recovery",
    file: "src/journal/reading/header.ts",
    from: "const there = isTorn ?",
    to: "const there = isTorn && zeros > length ?",
  },
  {
    name: "a writer goes on behind an incomplete end",
    target: "recovery",
    file: "src/journal/writing/recover.ts",
    from: "found.tail > 0 ?",
    to: "found.tail > 4 ?",
  },
  {
    name: "a writer begins anew where its journal is missing",
    target: "recovery",
    file: "src/journal/writing/recover.ts",
    from: "if (cursor) throw missing(store.name);",
    to: "",
  },
  {
    name: "a writer moves aside what does not verify",
    target: "recovery",
    file: "src/journal/reading/walk.ts",
    from: "if (checked?.ends.length !== found.task.lengths.length) throw notTheWriters(at);",
    to: `if (checked?.ends.length !== found.task.lengths.length) {
          if (options.unlocking) throw notTheWriters(at);
          yield { is: "end", tail: 1 };
          return;
        }`,
  },
];
