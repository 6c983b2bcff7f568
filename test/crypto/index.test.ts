import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { loadSuite } from "../../src/crypto/index.js";
import { nativeAvailable } from "../../src/crypto/native.js";
import { nativeMlKem } from "../../src/crypto/native-ml-kem.js";
import { bundle } from "../bundle.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

afterEach(() => vi.unstubAllEnvs());

describe("the choice of a suite", () => {
  test("is native where it is available", async () => {
    vi.stubEnv("SEAL_CRYPTO", "");
    expect(nativeAvailable()).toBe(true);
    expect((await loadSuite()).name).toBe("native");
  });

  test.each(["native", "portable"] as const)("is %s where SEAL_CRYPTO or the caller says so", async (name) => {
    vi.stubEnv("SEAL_CRYPTO", name);
    expect((await loadSuite()).name).toBe(name);
    vi.stubEnv("SEAL_CRYPTO", name === "native" ? "portable" : "native");
    expect((await loadSuite(name)).name).toBe(name);
  });

  test.each(["openssl", "Native", " ", "0"])("is refused where SEAL_CRYPTO is %j", async (value) => {
    vi.stubEnv("SEAL_CRYPTO", value);
    await expect(loadSuite()).rejects.toMatchObject({ code: "usage" });
  });
});

// The suites as a program of their own: compiled, in a folder from which noble is in reach or not.
describe("in a process of its own", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "seal-crypto-"));
    const entries = Object.fromEntries(["index", "hpke", "kems"].map((name) => [name, `${root}src/crypto/${name}.ts`]));
    await bundle(entries, folder, [/^@noble\//]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(script: string, env: Record<string, string> = {}, before = ""): Promise<string> {
    const preload = join(folder, "preload.js");
    await writeFile(preload, before);
    await writeFile(join(folder, "script.js"), `import { loadSuite } from "./index.js";\n${script}`);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", pathToFileURL(preload).href, join(folder, "script.js")],
      { env: { ...process.env, SEAL_CRYPTO: "", NODE_OPTIONS: "", ...env }, timeout: 60_000, killSignal: "SIGKILL" },
    );
    return stdout.trim();
  }

  const EVERYTHING = `
    import { hpkeOpen, hpkeSeal } from "./hpke.js";
    import { loadKem } from "./kems.js";
    const suite = await loadSuite();
    const secret = suite.randomBytes(32);
    for (const name of ${JSON.stringify(nativeMlKem() ? ["x25519", "xwing"] : ["x25519"])}) {
      const kem = await loadKem(suite, name), key = kem.key(secret);
      const { enc, ciphertext } = hpkeSeal(suite, kem, key.publicKey, secret, secret);
      hpkeOpen(suite, key, enc, secret, ciphertext);
    }
    const signer = suite.signingKey(secret), nonce = new Uint8Array(12), chunk = new Uint8Array(48);
    suite.sealChunk(secret, nonce, [secret], () => {}, true);
    suite.openChunk(secret, nonce, [secret], () => new Uint8Array(16), () => {}, true);
    const verified = suite.verifyingKey(signer.publicKey).verify(chunk, signer.sign(chunk));
    console.log(suite.name, verified);
  `;

  test("seals and opens natively without noble, which is not there", async () => {
    expect(await run(EVERYTHING)).toBe("native true");
  });

  test("needs noble for the portable suite: the test before would have noticed", async () => {
    expect(await run(`await loadSuite("portable").catch((error) => console.log(error.code))`)).toBe(
      "ERR_MODULE_NOT_FOUND",
    );
  });

  // Before that was mended, Node 20 stopped within the first thousand.
  test("draws keys whatever the garbage collector does meanwhile", async () => {
    const draw = `
      const suite = await loadSuite();
      let kept = [];
      for (let i = 0; i < 5000; i++) {
        suite.ephemeralKey();
        suite.recordKey();
        kept.push("x".repeat(i % 61) + i);
        if (kept.length > 50) kept = [];
      }
      console.log("drawn");
    `;
    expect(await run(draw, { NODE_OPTIONS: "--max-semi-space-size=1" })).toBe("drawn");
  }, 90_000);

  test.skipIf(nativeMlKem())("needs noble for ML-KEM, where this Node has none", async () => {
    expect(await run(`await (await loadSuite()).mlKem().catch((error) => console.log(error.code))`)).toBe(
      "ERR_MODULE_NOT_FOUND",
    );
  });

  // Each of these is missing from, or forbidden in, one build of OpenSSL or another.
  test.each([
    `crypto.createPrivateKey = () => { throw new Error("unsupported"); };`,
    `crypto.createPublicKey = () => { throw new Error("unsupported"); };`,
    `crypto.createCipheriv = () => { throw new Error("unsupported"); };`,
    `crypto.hash = () => { throw new Error("unsupported"); };`,
    `crypto.createHash = () => { throw new Error("unsupported"); };`,
    `crypto.diffieHellman = undefined;`,
    `crypto.scrypt = undefined;`,
    `crypto.getFips = () => 1;`,
  ])("falls back to portable after %s", async (sabotage) => {
    await symlink(join(root, "node_modules"), join(folder, "node_modules")).catch(() => {});
    const before = `import crypto from "node:crypto";\nimport { syncBuiltinESMExports } from "node:module";
      ${sabotage}\nsyncBuiltinESMExports();`;
    expect(await run(`console.log((await loadSuite()).name)`, {}, before)).toBe("portable");
    const native = `await loadSuite().catch((error) => console.log(error.code))`;
    expect(await run(native, { SEAL_CRYPTO: "native" }, before)).toBe("usage");
  });
});
