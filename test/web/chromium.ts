// A real browser, as Debian has it, on a page of a server of our own whose policy is strict. Nothing that breaks the
// policy, and no request to anywhere else, goes unseen.

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";

const EXECUTABLE = "/usr/bin/chromium";
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What is used of playwright-core's page. */
export interface Page {
  evaluate<R, A>(work: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  evaluate<R>(work: () => R | Promise<R>): Promise<R>;
  workers(): unknown[];
  exposeFunction(name: string, work: (...args: string[]) => Promise<string>): Promise<void>;
  setInputFiles(selector: string, path: string): Promise<void>;
  reload(): Promise<unknown>;
  goto(url: string): Promise<unknown>;
  on(event: "console", listener: (message: { text(): string }) => void): void;
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "request", listener: (request: { url(): string }) => void): void;
}

interface Context {
  newCDPSession(page: Page): Promise<{ send(method: string, parameters: object): Promise<unknown> }>;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Launcher {
  launchPersistentContext(folder: string, options: object): Promise<Context>;
}

/** null, and one line that says so, where browser or driver are missing: such tests are skipped. */
const launcher: Launcher | null = findLauncher();

export const hasChromium = launcher !== null;

function findLauncher(): Launcher | null {
  try {
    if (existsSync(EXECUTABLE)) return createRequire(import.meta.url)("playwright-core").chromium;
  } catch {
    // It is not installed.
  }
  console.warn(`tests in a browser are skipped: ${EXECUTABLE} or playwright-core is missing`);
  return null;
}

export type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface Browser {
  readonly page: Page;
  /** The server's address. */
  readonly origin: string;
  /** Answers to paths; to be added to. */
  readonly routes: Map<string, Route>;
  /** Answers to all paths that begin so, with what follows. */
  serve(prefix: string, answer: (rest: string, response: ServerResponse) => unknown): void;
  /** What broke the policy, was asked for elsewhere, or failed on the page by itself. */
  readonly faults: string[];
  /** Sends what the driver has no method for. */
  send(method: string, parameters: object): Promise<unknown>;
  close(): Promise<void>;
}

/** All that the page needs, in one script. */
export async function scriptOf(entry: string): Promise<string> {
  const { output } = await build({
    input: entry,
    platform: "browser",
    write: false,
    logLevel: "silent",
    output: { format: "iife", codeSplitting: false },
  });
  return output[0].code;
}

/** Opens a page with that script; `workers` is what its policy says of them. */
export async function browse(script: string, workers = "worker-src blob:; "): Promise<Browser> {
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; ${workers}connect-src 'self'`;
  const html = `<!doctype html><meta charset="utf-8"><title>test</title><input type="file" id="file"><script>${script}</script>`;
  const routes = new Map<string, Route>([
    [
      "/",
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy });
        response.end(html);
      },
    ],
    ["/favicon.ico", (_request, response) => void response.writeHead(404).end()],
  ]);
  const prefixes = new Map<string, (rest: string, response: ServerResponse) => unknown>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const route = routes.get(pathname);
    const prefix = [...prefixes.keys()].find((each) => pathname.startsWith(each));
    if (route) void route(request, response);
    else if (prefix) prefixes.get(prefix)!(decodeURIComponent(pathname.slice(prefix.length)), response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), "seal-chromium-"));
  const context = await launcher!.launchPersistentContext(folder, {
    executablePath: EXECUTABLE,
    args: ARGUMENTS,
    timeout: 60_000,
  });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const faults: string[] = [];
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`) && !/^(blob|data):/.test(request.url())) faults.push(request.url());
  });
  await page.goto(`${origin}/`);
  return {
    page,
    origin,
    routes,
    serve: (prefix, answer) => void prefixes.set(prefix, answer),
    faults,
    send: (method, parameters) => session.send(method, parameters),
    close: async () => {
      await context.close();
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
