// Ways through proxies and TLS. NODE_EXTRA_CA_CERTS is read when a process starts, so that each of these runs in one of
// its own; needs dist/.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type FullIdentity, Identity } from "../../../src/api/identity.js";
import { sealBytes } from "../../../src/api/operations.js";
import { proxyFor } from "../../../src/io/http/proxy.js";
import { type Handler, proxy, type Site, serving, site } from "../server.js";

const LENGTH = 300_000;
let master: FullIdentity;
let sealed: Uint8Array;
const running: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  master = (await Identity.generate()).identity;
  const options = { to: [master.recipient], sign: master, chunkSize: 65536 };
  sealed = await sealBytes(new Uint8Array(LENGTH), options);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function serve(handler: Handler, tls?: { key: Buffer; cert: Buffer }): Promise<Site> {
  const server = await site(handler, tls);
  running.push(server);
  return server;
}

async function through(options?: { password: string }) {
  const made = await proxy(options);
  running.push(made);
  return made;
}

const SCRIPT = `
  import { verify } from ${JSON.stringify(new URL("../../../dist/index.js", import.meta.url).href)};
  const [url, from] = process.argv.slice(1);
  const say = (facts) => console.log(JSON.stringify(facts));
  await verify({ url }, { from: [from] }).then(({ bytes }) => say({ bytes }), ({ code, message, hint }) => say({ code, message, hint }));`;

/** Verifies a URL in a process with that environment. */
async function verified(url: string, env: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const out = await new Promise<string>((resolve, reject) => {
    const args = ["--input-type=module", "-e", SCRIPT, url, master.signer];
    const settings = { env: { PATH: process.env.PATH!, ...env }, timeout: 20_000 };
    execFile(process.execPath, args, settings, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
  return JSON.parse(out);
}

describe("which proxy", () => {
  test.each([
    ["https://a.example.com/", { HTTPS_PROXY: "http://p:1" }, "http://p:1/"],
    ["https://a.example.com/", { https_proxy: "p:1", HTTPS_PROXY: "http://q:1" }, "http://p:1/"],
    ["https://a.example.com/", { HTTP_PROXY: "http://p:1" }, null],
    ["http://a.example.com/", { HTTP_PROXY: "http://p:1" }, "http://p:1/"],
    ["http://a.example.com/", { HTTP_PROXY: "http://p:1", REQUEST_METHOD: "GET" }, null],
    ["https://a.example.com/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, null],
    ["https://a.example.com/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "example.com" }, null],
    ["https://a.example.com/", { HTTPS_PROXY: "http://p:1", NO_PROXY: ".example.com" }, null],
    ["https://a.example.com/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "ample.com" }, "http://p:1/"],
    ["https://a.example.com/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example.com:444" }, "http://p:1/"],
    ["https://a.example.com:444/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "x, a.example.com:444" }, null],
    ["https://[::1]/", { HTTPS_PROXY: "http://p:1", NO_PROXY: "::1" }, null],
    ["https://[::1]/", { HTTPS_PROXY: "http://p:1", no_proxy: "[::1]" }, null],
    ["https://a.example.com/", { HTTPS_PROXY: "" }, null],
  ])("%s with %j: %s", (url, env, expected) => {
    expect(proxyFor(new URL(url), env)?.href ?? null).toBe(expected);
  });

  test("one of another kind is refused, and not repeated", () => {
    const ask = () => proxyFor(new URL("https://x/"), { HTTPS_PROXY: "socks5://me:hush@p:1" });
    expect(ask).toThrow(/proxy/);
    expect(ask).not.toThrow(/hush/);
  });
});

describe("a proxy for http", () => {
  test("is asked, by those who may", async () => {
    const server = await serve(serving(sealed));
    const by = await through({ password: "me:hush" });
    const HTTP_PROXY = `http://me:hush@127.0.0.1:${by.port}`;
    expect(await verified(`${server.url}/f`, { HTTP_PROXY })).toEqual({ bytes: LENGTH });
    expect(by.asked[0]!.url).toBe(`${server.url}/f`);
    const wrong = await verified(server.url, { HTTP_PROXY: HTTP_PROXY.replace("hush", "wrongword") });
    expect(wrong).toMatchObject({ code: "io", message: expect.stringMatching(/answered 407/) });
    expect(JSON.stringify(wrong)).not.toMatch(/wrongword/);
    expect(server.asked).toHaveLength(1);
    expect(await verified(server.url, { HTTP_PROXY, NO_PROXY: "127.0.0.1" })).toEqual({ bytes: LENGTH });
    expect(by.asked).toHaveLength(2);
  });
});

const openssl = (() => {
  try {
    return execFileSync("openssl", ["version"]).length > 0;
  } catch {
    console.warn("no openssl: the tests of TLS are skipped");
    return false;
  }
})();

describe.skipIf(!openssl)("TLS", () => {
  let tls: { key: Buffer; cert: Buffer };
  let folder: string;
  let NODE_EXTRA_CA_CERTS: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "seal-tls-"));
    const run = (line: string) => execFileSync("openssl", line.split(" "), { cwd: folder, stdio: "ignore" });
    const fresh = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run(`req -x509 ${fresh} -keyout ca.key -out ca.pem -days 2 -subj /CN=test-authority`);
    run(`req ${fresh} -keyout key.pem -out request.pem -subj /CN=127.0.0.1`);
    writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1\n");
    run("x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile names");
    tls = { key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "cert.pem")) };
    NODE_EXTRA_CA_CERTS = join(folder, "ca.pem");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("a certificate that nobody vouches for is refused, whatever the environment says", async () => {
    const server = await serve(serving(sealed), tls);
    for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }]) {
      expect(await verified(server.url, env)).toEqual({
        code: "io",
        message: expect.stringMatching(/certificate is not accepted/),
        hint: expect.stringMatching(/NODE_EXTRA_CA_CERTS/),
      });
    }
    expect(server.asked).toHaveLength(0);
  });

  test("one whose authority is named is accepted", async () => {
    const server = await serve(serving(sealed, { drops: [100_000] }), tls);
    expect(await verified(server.url, { NODE_EXTRA_CA_CERTS })).toEqual({ bytes: LENGTH });
    expect(server.asked).toHaveLength(2);
  });

  test("through a tunnel, which is made again where it breaks", async () => {
    const server = await serve(serving(sealed, { drops: [100_000] }), tls);
    const by = await through({ password: "me:hush" });
    const HTTPS_PROXY = `http://me:hush@127.0.0.1:${by.port}`;
    expect(await verified(server.url, { NODE_EXTRA_CA_CERTS, HTTPS_PROXY })).toEqual({ bytes: LENGTH });
    expect(by.tunnels).toEqual(Array(2).fill(`127.0.0.1:${server.port}`));
    expect(server.asked).toHaveLength(2);
    expect(JSON.stringify(server.asked)).not.toMatch(/proxy-authorization/i);

    expect((await verified(server.url, { HTTPS_PROXY })).message).toMatch(/certificate/);
    const wrong = await verified(server.url, { HTTPS_PROXY: HTTPS_PROXY.replace("hush", "wrongword") });
    expect(wrong).toMatchObject({ code: "io", message: expect.stringMatching(/the proxy .*answered 407/) });
    expect(JSON.stringify(wrong)).not.toMatch(/wrongword/);
    await by.close();
    const gone = await verified(server.url, { HTTPS_PROXY: "http://127.0.0.1:1" });
    expect(gone.message).toMatch(/the proxy .*cannot be reached/);
  });

  test("a name that the certificate does not have is refused", async () => {
    const server = await serve(serving(sealed), tls);
    const url = server.url.replace("127.0.0.1", "localhost");
    expect((await verified(url, { NODE_EXTRA_CA_CERTS })).message).toMatch(/certificate is not accepted/);
  });

  test("a redirect from https to http is not followed", async () => {
    const plain = await serve(serving(sealed));
    const server = await serve(
      (_request, response) => void response.writeHead(302, { location: plain.url }).end(),
      tls,
    );
    expect((await verified(server.url, { NODE_EXTRA_CA_CERTS })).message).toMatch(/redirect from https/);
    expect(plain.asked).toHaveLength(0);
  });
});
