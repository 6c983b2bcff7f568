// The pages of docs/guide/, typed as they are: each page in a fresh directory, all its blocks in order, shell and
// JavaScript alike; and the README's first lines. What is asked of https://files.example.com comes from the directory
// www of the page.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inSandbox, type Sandbox, start, TREE } from "../cli/sandbox.js";
import { proxy, serving, site } from "../io/server.js";
import { IS_LONG, sampled } from "../whole.js";
import { blocksOf } from "./blocks.js";

const LIMIT = 200_000;
const HOST = "files.example.com";
const PAGES = readdirSync(join(TREE, "docs/guide")).filter((name) => name.endsWith(".md"));
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  "automation.md": ["jq"],
  "downloads.md": ["openssl"],
  "ssh.md": ["ssh-keygen", "ssh-agent"],
};
/** Blocks that show what goes elsewhere. */
const SHOWN = ["yaml", "console", "ini", "nginx", "caddyfile"];

const isThere = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const { name: PACKAGE } = JSON.parse(readFileSync(join(TREE, "package.json"), "utf8"));

/** One script, which stops at the first failure and says where. */
function scriptOf(page: string, box: Sandbox): string {
  const parts = blocksOf(page)
    .filter(({ language }) => !SHOWN.includes(language))
    .map(({ language, text }, index) => {
      if (language === "sh") return text;
      expect(language, `${page}: a block in ${language}, which nothing runs`).toBe("js");
      const name = `block-${index}.mjs`;
      writeFileSync(join(box.dir, name), text);
      return `"$NODE" ${name}\n`;
    });
  return `set -eE -o pipefail\ntrap 'echo "failed: $BASH_COMMAND" >&2' ERR\n${parts.join("\n")}`;
}

/** Nothing in it but a way to import the package. */
function emptied(box: Sandbox): void {
  for (const name of readdirSync(box.dir)) if (name !== ".bin") rmSync(join(box.dir, name), { recursive: true });
  const scope = join(box.dir, "node_modules", PACKAGE, "..");
  mkdirSync(scope, { recursive: true });
  symlinkSync(TREE, join(box.dir, "node_modules", PACKAGE));
}

/** Serves the page's www/ as https://files.example.com, by way of a proxy that knows where that is. */
async function served(box: Sandbox, certificates: string) {
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => readFileSync(join(certificates, name)));
  const files = await site(
    (request, response, self) => serving(readFileSync(join(box.dir, "www", request.url!)))(request, response, self),
    { key: key!, cert: cert! },
  );
  const way = await proxy({ hosts: { [`${HOST}:443`]: files.port } });
  const env = { HTTPS_PROXY: way.url, NODE_EXTRA_CA_CERTS: join(certificates, "ca.pem") };
  return { env, close: () => Promise.all([files.close(), way.close()]) };
}

let certificates: string;
beforeAll(() => {
  certificates = mkdtempSync(join(tmpdir(), "seal-certificates-"));
  if (!isThere("openssl")) return;
  const run = (line: string) => execFileSync("openssl", line.split(" "), { cwd: certificates, stdio: "ignore" });
  const fresh = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  run(`req -x509 ${fresh} -keyout ca.key -out ca.pem -days 2 -subj /CN=test-authority`);
  run(`req ${fresh} -keyout key.pem -out request.pem -subj /CN=${HOST}`);
  writeFileSync(join(certificates, "names"), `subjectAltName=DNS:${HOST}\n`);
  run("x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile names");
});
afterAll(() => rmSync(certificates, { recursive: true, force: true }));

describe("docs/guide/", () => {
  test.each(IS_LONG ? sampled(PAGES, 4) : ["sending.md"])(
    "%s, typed in its order",
    inSandbox(async (box, page: string) => {
      const missing = (NEEDS[page] ?? []).filter((program) => !isThere(program));
      if (missing.length > 0) return console.warn(`${page} is not tried: ${missing.join(", ")} is missing`);
      emptied(box);
      const server = page === "downloads.md" ? await served(box, certificates) : null;
      const { child, ended } = start(box, "bash", ["-c", scriptOf(`docs/guide/${page}`, box)], server?.env, LIMIT);
      child.stdin!.end();
      const { status, stdout, stderr } = await ended;
      await server?.close();
      expect(stderr, stdout).not.toMatch(/^failed: /m);
      expect(status, stdout + stderr).toBe(0);
    }),
    LIMIT,
  );

  test("lists every page", () => {
    const contents = readFileSync(join(TREE, "docs/README.md"), "utf8");
    expect(PAGES.filter((page) => !contents.includes(`(guide/${page})`))).toEqual([]);
  });
});

/** What the README takes for granted, and what must come of its lines. */
const FURNISHED = `head -c 100000 /dev/urandom > backup.tar
  seal keygen -q -o shop.key && seal keygen -q -o ann.key --from shop.pub
  my-service() { echo visited; }`;
const CHECKS = `cmp backup.tar restored.tar; rm backup.tar.sealed restored.tar
  "$NODE" library.mjs; cmp backup.tar restored.tar`;

test(
  "the README's lines of shell and of the library",
  inSandbox(async (box) => {
    emptied(box);
    const blocks = blocksOf("README.md");
    const lines = blocks
      .filter(({ language, text }) => language === "console" && !text.includes("https:"))
      .map(({ text }) => text.match(/(?<=^\$ ).*$/gm)!.join("\n"));
    writeFileSync(join(box.dir, "library.mjs"), blocks.find(({ language }) => language === "js")!.text);
    const script = ["set -eE -o pipefail", FURNISHED, ...lines, CHECKS].join("\n");
    const { child, ended } = start(box, "bash", ["-c", script], {}, LIMIT);
    child.stdin!.end();
    const { status, stdout, stderr } = await ended;
    expect(status, stdout + stderr).toBe(0);
    expect(stderr).toMatch(/^sealed backup.tar -> backup.tar.sealed: .* for 1 recipient, signed, in [\d.]+ s$/m);
    expect(stderr).toMatch(/^opened backup.tar.sealed -> restored.tar: .*, signed by sealsig1\w+, in [\d.]+ s$/m);
    expect(stdout).toMatch(/^backup.tar.sealed: verified\n {2}signer +sealsig1/m);
    expect(stdout).toMatch(/^visited$/m);
  }),
  LIMIT,
);
