// Keys, and files of keys.

export const keys = [
  {
    name: "bytes behind a key are ignored",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (body.length === due) return body;",
    to: "if (body.length >= due) return body.slice(0, due);",
  },
  {
    name: "a key in the other case is taken",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (text !== text.toLowerCase())",
    to: "if (text !== text.toLowerCase() && text !== text.toUpperCase())",
  },
  {
    name: "the bytes that find what is mistyped are not looked at",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (check && !equal(checkOf(suite, key), check))",
    to: "if (check && check.length === 0)",
  },
  {
    name: "a post-quantum key that is not reduced is taken",
    target: "text",
    file: "src/keys/text.ts",
    from: "if (isValidXWingRecipient(key)) return key;",
    to: "return key;",
  },
  {
    name: "padding of a secret that is not zero is taken",
    target: "text",
    file: "src/keys/bech32m.ts",
    from: 'if (paddingBits >= 5 || padding !== 0) return "padding";',
    to: 'if (paddingBits >= 5) return "padding";',
  },
  {
    name: "a secret whose first key is zero is taken",
    target: "text",
    file: "src/keys/secret-line.ts",
    from: "for (let at = 1;",
    to: "for (let at = 1 + KEY_BYTES;",
  },
  {
    name: "a byte order mark before an identity is passed over",
    target: "identity",
    file: "src/keys/identity-lines.ts",
    from: "if (startsWith(file, BYTE_ORDER_MARK)) {",
    to: `if (startsWith(file, BYTE_ORDER_MARK)) return readIdentityLines(file.subarray(3) as Secret);
  if (file.length < 0) {`,
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
    from: 'for (let i = 0; i < before + 2; i++) reason = reason.replace(/[^ \\t]+[ \\t]*/, "");',
    to: 'reason = line.slice(line.indexOf(at, line.indexOf(" " + word) + 1) + at.length).trim();',
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
    file: "src/keys/identity-lines.ts",
    from: "equal(line, BEGIN_BYTES) && this.#block === null",
    to: "equal(line, BEGIN_BYTES)",
  },
];
