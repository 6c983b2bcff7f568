// The page as a file: small, whole, the same again, with a strict policy; usable by keyboard, by screen reader, on a
// phone, in the dark.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { oneIn } from "../../test/whole.js";
import { downloaded, go, HAS_BROWSER, openPage, PAGE, serve, unlock } from "./browser.js";
import { cast } from "./people.js";

oneIn(20);

const WEB = fileURLToPath(new URL("../", import.meta.url));
const VIEWS = ["Open", "Pick up", "Verify", "Seal", "Your key", "About"];

describe("the file", () => {
  const page = readFileSync(PAGE, "utf8");

  test("has less than 400 kB, and names nothing outside itself", () => {
    expect(Buffer.byteLength(page)).toBeLessThan(400_000);
    const markup = page.replace(/<script>[\s\S]*<\/script>|<pre hidden>[\s\S]*?<\/pre>/g, "");
    expect(markup).not.toMatch(/\bsrc=|url\(|@import|http:\/\/(?!127\.0\.0\.1:\*|localhost:\*)|https:\/\//);
    expect(markup.match(/\bhref="[^"]*"/g)).toEqual(['href="data:,"']);
    expect([...page.matchAll(/<script/g)]).toHaveLength(1);
  });

  test("has a policy that lets in nothing but its own script, style and workers", () => {
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)!;
    const [, script] = /<script>([\s\S]*)<\/script>/.exec(page)!;
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(page)!;
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(policy!.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hash(script!)}`,
      `style-src ${hash(style!)}`,
      "worker-src blob:",
      "img-src blob: data:",
      "connect-src https: http://127.0.0.1:* http://localhost:*",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types seal",
    ]);
  });

  test("is the same when it is built again", async () => {
    const out = execFileSync(process.execPath, [`${WEB}build.js`, "--check"], { encoding: "utf8" });
    expect(out).toContain(createHash("sha256").update(page).digest("hex"));
  });

  test("its sources parse no HTML, keep all words in one file, and import of seal what is for browsers", () => {
    const sources = readdirSync(`${WEB}src`, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    expect(sources.length).toBeGreaterThan(25);
    for (const name of sources) {
      const text = readFileSync(`${WEB}src/${name}`, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      expect(text, name).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|createContextualFragment|\beval\(|new Function/,
      );
      const seal = [...text.matchAll(/from "([^"]*\/src\/[^"]*)"/g)].map(([, path]) => path);
      expect(
        seal.filter((path) => path !== "../../src/web/index.js"),
        name,
      ).toEqual([]);
      if (name === "text.ts") continue;
      const words = [...text.matchAll(/"([^"\n]*)"/g)]
        .map(([, words]) => words!)
        .filter((words) => /^[A-Z][a-z]+ [a-z]+/.test(words));
      expect(words, name).toEqual([]);
    }
  });
});

describe.skipIf(!HAS_BROWSER)("in a browser", () => {
  test.each(["number", "disk"] as const)("it says its own hash (%s)", async (from) => {
    const { page } = await openPage({ from });
    await go(page, "About");
    const hash = createHash("sha256")
      .update(await readFile(PAGE))
      .digest("hex");
    await page.locator("#own-hash").filter({ hasText: hash }).waitFor();
  });

  test("its policy stops scripts, styles, requests and HTML that are not its own", async () => {
    const { page } = await openPage({ expectsBreaches: true });
    const stopped = await page.evaluate(async () => {
      const breaches: string[] = [];
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => void breaches.push(effectiveDirective));
      const script = document.createElement("script");
      try {
        script.textContent = "window.evil = 1";
        document.body.append(script);
      } catch {
        breaches.push("thrown");
      }
      try {
        document.body.innerHTML = "<b>x</b>";
      } catch {
        breaches.push("thrown");
      }
      document.body.append(Object.assign(document.createElement("iframe"), { src: "https://example.com/" }));
      await fetch("http://example.com/").catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { breaches, evil: (window as { evil?: number }).evil };
    });
    expect(stopped.evil).toBeUndefined();
    for (const directive of ["require-trusted-types-for", "frame-src", "connect-src"])
      expect(stopped.breaches).toContain(directive);
  });

  test("inside another page it refuses to work", async () => {
    const own = await readFile(PAGE);
    const frame = await serve((_request, response) => void response.setHeader("content-type", "text/html").end(own));
    const outer = await serve((_request, response) => {
      response.setHeader("content-type", "text/html").end(`<iframe src="${frame}/"></iframe>`);
    });
    const { page } = await openPage({ asks: [frame, outer] });
    await page.goto(`${outer}/`);
    const inside = page.frameLocator("iframe").locator("body");
    await inside.filter({ hasText: "This page does not work inside another page." }).waitFor();
    expect(await page.frameLocator("iframe").getByRole("button").count()).toBe(0);
  });

  test.each([
    ["wide, light", { width: 1000, dark: false }],
    ["a phone, dark", { width: 360, dark: true }],
  ] as const)("axe finds no fault in any view (%s)", async (_name, looks) => {
    const people = await cast();
    const { page } = await openPage(looks);
    for (const view of VIEWS) {
      await go(page, view);
      await noFault(page, view);
    }
    await unlock(page, people.at("ann.key"));
    await noFault(page, "Your key, unlocked");
    await go(page, "Open");
    const path = await people.sealed("gift.txt", Buffer.from("a gift"), { sign: people.stranger });
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
    await page.getByRole("heading", { name: "You have not accepted this sender." }).waitFor();
    await noFault(page, "a stranger's file");
    const width = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(width).toBe(0);
  });

  test("everything is done by keyboard alone", async () => {
    const people = await cast();
    const { page } = await openPage();
    await unlock(page, people.at("ann.key"));
    await go(page, "Open");
    const path = await people.sealed("gift.txt", Buffer.from("a gift"), { sign: people.stranger });
    await page.getByRole("main").getByLabel("Choose a file").setInputFiles(path);
    await page.getByRole("heading", { name: "What the file says of itself" }).waitFor();
    expect(await focused(page)).toBe("What the file says of itself");
    await tabTo(page, /I have compared/);
    await page.keyboard.press("Space");
    await tabTo(page, /Open and save/);
    const saved = await downloaded(page, () => page.keyboard.press("Enter"));
    expect(saved.bytes.toString()).toBe("a gift");
    expect(await focused(page)).toBe("Opened");
  });
});

async function noFault(page: Page, where: string): Promise<void> {
  const axe = await readFile(fileURLToPath(import.meta.resolve("axe-core")), "utf8");
  await page.evaluate(axe);
  const faults = await page.evaluate(async () => {
    const run = (
      window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    ).axe.run;
    const { violations } = await run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 100)).join(" | ")}`);
  });
  expect(faults, where).toEqual([]);
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent ?? "");
}

async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 30; step++) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      if (element === document.body) return "";
      return element.closest("label")?.textContent ?? element.textContent ?? "";
    });
    if (name.test(text)) return;
  }
  throw new Error(`the keyboard does not reach ${name}`);
}
