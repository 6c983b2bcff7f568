// Faults, each a change to one place in src/, that the fuzzer has to find. A test holds the places to what stands there.

export const FAULTS = [
  {
    name: "a chunk size out of bounds is taken",
    target: "header",
    file: "src/format/core.ts",
    from: "exponent >= MIN_CHUNK_EXPONENT && exponent <= MAX_CHUNK_EXPONENT",
    to: "exponent >= MIN_CHUNK_EXPONENT",
  },
  {
    name: "a label that is not UTF-8 is taken",
    target: "header",
    file: "src/bytes.ts",
    from: "fatal: true",
    to: "fatal: false",
  },
  {
    name: "a stanza of type 0 is taken",
    target: "header",
    file: "src/format/stanza.ts",
    from: 'if (types.has(0)) throw malformed("a stanza of type 0");',
    to: "",
  },
  {
    name: "a header's signature is not looked at",
    target: "file",
    file: "src/ops/header.ts",
    from: "if (signer.verify(headerMessage(suite, coreBytes, stanzaBytes), authenticator)) return;",
    to: "if (signer.verify(headerMessage(suite, coreBytes, stanzaBytes), authenticator) || stanzaBytes.length > 0) return;",
  },
  {
    name: "a record's signature is not looked at",
    target: "file",
    file: "src/chunk/record.ts",
    from: "return { digest, chain, authentic: authentic && signed };",
    to: "return { digest, chain, authentic: authentic || signed };",
  },
  {
    name: "a record's chain value is not compared",
    target: "file",
    file: "src/ops/records.ts",
    from: "chain === null || (result.chain !== null && equal(result.chain, chain))",
    to: "chain === null || result.chain !== null",
  },
  {
    name: "a record that is there twice is taken once",
    target: "file",
    file: "src/engine/run.ts",
    from: "export function runOpen(keys: ChunkKeys, task: Task): OpenResult {",
    to: `let last: OpenResult | null = null;
export function runOpen(keys: ChunkKeys, task: Task): OpenResult {
  const copy = keys.signed && task.index > 0 ? task.buffer!.slice() : null;
  const found = reallyOpen(keys, task);
  if (found.authentic || !copy) last = found;
  if (found.authentic || !copy) return found;
  task.buffer!.set(copy);
  const again = reallyOpen(keys, { ...task, index: task.index - 1 });
  if (again.authentic) last = { ...again, chain: keys.suite.sha256(last!.chain!, last!.digest!) };
  return again.authentic ? last! : again;
}
function reallyOpen(keys: ChunkKeys, task: Task): OpenResult {`,
  },
  {
    name: "bytes behind a whole chunk are ignored",
    target: "file",
    file: "src/ops/records.ts",
    from: "if (work.length < overhead(geometry.signed)) throw endsEarly(index, position);",
    to: "if (work.length < overhead(geometry.signed)) { if (index === 0) throw endsEarly(index, position); return; }",
  },
  {
    name: "the memory of a whole chunk is taken before its bytes are there",
    target: "file",
    file: "src/ops/buffers.ts",
    from: "Math.min(length, FIRST) + room",
    to: "length + room",
  },
  {
    name: "bytes behind a key are ignored",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (payload.length !== 1 + length)",
    to: "if (payload.length < 1 + length)",
  },
  {
    name: "a key in the other case is taken",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (text !== due)",
    to: "if (text !== due && text !== due.toUpperCase())",
  },
  {
    name: "a line that nobody knows is passed over",
    target: "contacts",
    file: "src/keys/contacts.ts",
    from: `if (word !== "superseded" && word !== "revoked") fail('after the key: nothing, "sender", "superseded" or "revoked"');`,
    to: `if (word !== "superseded" && word !== "revoked") return { is: "current", sender: false };`,
  },
  {
    name: "a reason is looked for by the time before it",
    target: "contacts",
    file: "src/keys/contacts.ts",
    from: 'const reason = line.replace(/(?:[^ \\t]+[ \\t]+){3}[^ \\t]+[ \\t]*/, "");',
    to: 'const reason = line.slice(line.indexOf(at, line.indexOf(" " + word) + 1) + at.length).trim();',
  },
  {
    name: "the end of a line is trimmed by a regular expression",
    target: "identity",
    file: "src/keys/text.ts",
    from: "return line.slice(start, end);",
    to: 'return line.replace(/\\r$/, "").replace(/^[ \\t]+/, "").replace(/[ \\t]+$/, "");',
  },
  {
    name: "two protected blocks are taken",
    target: "identity",
    file: "src/keys/identity.ts",
    from: "line === BEGIN && found.block === null",
    to: "line === BEGIN",
  },
  {
    name: "a password is sent on to where a redirect leads",
    target: "http",
    file: "src/io/request.ts",
    from: "if (url.origin !== this.#start.origin) return all;",
    to: "",
  },
  {
    name: "a frame's signature is not looked at",
    target: "journal",
    file: "src/engine/frames.ts",
    from: "if (!opened.authentic || !equal(opened.chain!, due))",
    to: "if (!equal(opened.chain!, due))",
  },
  {
    name: "the chain value of the first of some frames is not compared",
    target: "journal",
    file: "src/journal/walk.ts",
    from: "if (authentic === 0 || !equal(chains.subarray(0, CHAIN_BYTES), at.chain)) return null;",
    to: "if (authentic === 0) return null;",
  },
  {
    name: "an epoch may follow any other",
    target: "journal",
    file: "src/journal/walk.ts",
    from: "if (equal(previous, chain)) return;",
    to: "if (previous.length === chain.length) return;",
  },
  {
    name: "an epoch may have another label",
    target: "journal",
    file: "src/journal/header.ts",
    from: 'if (core.label !== first.label) throw notOfThisJournal(offset, "another label");',
    to: "",
  },
  {
    name: "a number with zeros in front is taken",
    target: "cursor",
    file: "src/journal/cursor.ts",
    from: "(0|[1-9]\\\\d{0,15})",
    to: "(\\\\d{1,16})",
  },
  {
    name: "a cursor may be another journal's",
    target: "cursor",
    file: "src/journal/resume.ts",
    from: "if (!first || !equal(settings.suite.sha256(first.bytes), cursor.journal))",
    to: "if (!first)",
  },
  {
    name: "the ratchet goes as far as a cursor says",
    target: "cursor",
    file: "src/journal/resume.ts",
    from: "return cursor.epoch + cursor.frames * frameSize(1) <= cursor.end;",
    to: "return true;",
  },
  {
    name: "a line in several pieces may be too long",
    target: "framing",
    file: "src/journal/framing.ts",
    from: "if (!this.fits(this.begun.length + at - start)) return records;",
    to: "if (!this.fits(at - start)) return records;",
  },
  {
    name: "a newline behind one in a length is not seen",
    target: "framing",
    file: "src/journal/framed.ts",
    from: "if (next >= 0 && next < start) next = bytes.indexOf(NEWLINE, start);",
    to: "",
  },
  {
    name: "a record may end behind its batch",
    target: "batch",
    file: "src/journal/batch.ts",
    from: 'if (at > bytes.length) throw malformed("ends inside a record");',
    to: "",
  },
  {
    name: "a batch may be sealed a second after the last",
    target: "batch",
    file: "src/journal/batch.ts",
    from: "MAX_SEALED_AT * 1000 + 999;",
    to: "MAX_SEALED_AT * 1000 + 1000;",
  },
  {
    name: "a writer goes on behind an incomplete end",
    target: "recovery",
    file: "src/journal/recover.ts",
    from: "found.tail > 0 ?",
    to: "found.tail > 4 ?",
  },
  {
    name: "a writer begins anew where its journal is missing",
    target: "recovery",
    file: "src/journal/recover.ts",
    from: "if (cursor) throw missing(store.name);",
    to: "",
  },
  {
    name: "a writer moves aside what does not verify",
    target: "recovery",
    file: "src/journal/walk.ts",
    from: "if (checked?.ends.length !== found.task.lengths.length) throw notTheWriters(at);",
    to: `if (checked?.ends.length !== found.task.lengths.length) {
          if (options.unlocking) throw notTheWriters(at);
          yield { is: "end", tail: 1 };
          return;
        }`,
  },
];
