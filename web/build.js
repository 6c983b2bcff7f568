// Builds dist/seal.html: script and style in one file, which asks nobody for anything. The policy in it names both by
// their hashes. The same sources give the same bytes. Prints the file's SHA-256, for the release notes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { refuseMissing } from "../scripts/missing.js";
import { bundledPackages, notices } from "../scripts/notices.js";

const root = fileURLToPath(new URL(".", import.meta.url));
const tree = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

// --check builds it and says its hash, and leaves the file that is there alone.
const [check] = process.argv.slice(2);
if (check !== "--check") rmSync(`${root}dist`, { recursive: true, force: true });
mkdirSync(`${root}dist`, { recursive: true });

const { TEXT } = await textOf();
const template = fill(readFileSync(`${root}page.template`, "utf8"), {
  language: TEXT.language,
  title: TEXT.title,
  noscript: TEXT.noScript,
});
const worker = await bundled("../src/engine/web-worker.ts", {});
const bundle = await bundled("src/main.ts", {
  SEAL_PAGE_WORKER: JSON.stringify(worker.output[0].code),
  SEAL_VERSION: JSON.stringify(version),
  SEAL_TEMPLATE: JSON.stringify(template),
});
const script = inElement(bundle.output[0].code);
const style = styleOf(readFileSync(`${root}src/style.css`, "utf8"));
const licences = notices(bundledPackages([bundle, worker]), tree).trim();
const page = fill(template, { policy: policyOf(script, style), style, script, notices: asHtml(licences) });

if (check !== "--check") writeFileSync(`${root}dist/seal.html`, page);
console.log(
  `${createHash("sha256").update(page).digest("hex")}  web/dist/seal.html (${Buffer.byteLength(page)} bytes)`,
);

/** What the page may do. A meta element cannot keep others from framing the page: its script refuses to run there. */
function policyOf(script, style) {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "worker-src blob:",
    "img-src blob: data:",
    "connect-src https: http://127.0.0.1:* http://localhost:*",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types seal",
  ].join("; ");
}

function hashOf(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** A script as it can stand in an element: nothing in it ends that. */
function inElement(code) {
  const text = code
    .trim()
    .replaceAll(/<(?=\/?script)/gi, "\\x3c")
    .replaceAll("<!--", "\\x3c!--");
  if (/[\r\0]|<\/?script|<!--/i.test(text)) throw new Error("the script has characters that a page changes");
  return text;
}

function asHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Without comments and indentation. */
function styleOf(css) {
  const lines = css.replaceAll(/\/\*[\s\S]*?\*\//g, "").split("\n");
  return lines
    .map((line) => line.trim())
    .filter(Boolean)
    .join("\n");
}

/** The template with texts in place of their names; names that are not given stay. */
function fill(text, values) {
  return text
    .split(/(\{\{\w+\}\})/)
    .map((part) => values[part.slice(2, -2)] ?? part)
    .join("");
}

async function textOf() {
  const { output } = await bundled("src/text.ts", {}, "esm");
  const scratch = `${root}dist/text-${process.pid}.mjs`;
  writeFileSync(scratch, output[0].code);
  try {
    return await import(`${pathToFileURL(scratch).href}?${process.hrtime.bigint()}`);
  } finally {
    rmSync(scratch);
  }
}

function bundled(input, define, format = "iife") {
  return build({
    cwd: root,
    input,
    platform: "browser",
    tsconfig: false,
    resolve: { alias: { "bcrypt-pbkdf": `${root}no-bcrypt.js` } },
    write: false,
    transform: { target: "es2022", define },
    output: { format, codeSplitting: false, minify: true, comments: { legal: false } },
    logLevel: "warn",
    onLog: refuseMissing,
  });
}
