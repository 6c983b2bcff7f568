// What is mutated together, and the tests that run against it: MUTATION_PART names one, `format` by default.

const PARTS = {
  format: { mutate: ["src/format/*.ts"], tests: ["test/format/*.test.ts"] },
  // scrypt as it is, in both suites, takes as long as all else together.
  keys: {
    mutate: ["src/keys/**/*.ts"],
    tests: ["test/keys/*.test.ts", "test/vectors/contacts.test.ts"],
    skipped: /by its passphrase, across the suites/,
  },
  // Our own: not the suites, which hand everything on to node:crypto, WebCrypto or noble, nor what collects garbage.
  crypto: {
    mutate: [
      "src/crypto/{bcrypt,dhkem,ed25519-check,hkdf,hpke,kem,kems,labeled,montgomery,strict}.ts",
      "src/crypto/{x25519-check,xwing,xwing-check}.ts",
    ],
    tests: [
      "test/crypto/{bcrypt,ed25519,hkdf,hpke,ml-kem,record-keys,speccheck,strict,x25519,xwing}.test.ts",
      "test/keys/{ssh,text}.test.ts",
    ],
  },
  header: {
    mutate: ["src/header/*.ts"],
    tests: [
      "test/header/*.test.ts",
      "test/files/{endings,inspect,moments,order,passphrase,post-quantum,range,seal}.test.ts",
      "test/api/{changing,identity,operations,signer}.test.ts",
    ],
    // It runs the library as it was built.
    skipped: /a process that has sealed ends by itself/,
  },
  reading: {
    mutate: ["src/journal/reading/*.ts"],
    // With the vectors: most of what can be wrong with a base or a cursor is theirs alone to show.
    tests: [
      "test/journal/!(large-end|lazy|owners|failing|hanging|writer|store|framing).test.ts",
      "test/journals.test.ts",
    ],
  },
};

const name = process.env.MUTATION_PART ?? "format";
const part = PARTS[name];
if (!part) throw new Error(`no part ${name}; there are: ${Object.keys(PARTS).join(", ")}`);

export const { mutate, tests, skipped = null } = part;
