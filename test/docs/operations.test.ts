// docs/OPERATIONS.md, run as it is written: the commands that need no root, the scripts, units, configuration and
// workflow.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Ended, inSandbox, type Sandbox, start, until } from "../cli/sandbox.js";
import { blocksOf } from "./blocks.js";

const blocks = blocksOf("docs/OPERATIONS.md");

function fileOf(name: string): string {
  const found = blocks.find(({ file }) => file?.endsWith(`/${name}`));
  if (!found) throw new Error(`the page has no ${name}`);
  return found.text;
}

const LIMIT = 200_000;

/** All commands of the page, as one script that stops at the first failure and says where. */
function commands(): string {
  const run = blocks.filter(({ language, file }) => language === "sh" && file === null);
  expect(run.length).toBeGreaterThan(20);
  return `set -eE -o pipefail\ntrap 'echo "failed: $BASH_COMMAND" >&2' ERR\n${run.map(({ text }) => text).join("\n")}`;
}

/** A sandbox without the keys that others have in theirs, with what the page installs. */
function prepare(box: Sandbox): void {
  spawnSync("sh", ["-c", "rm -rf -- *"], { cwd: box.dir });
  writeFileSync(join(box.dir, ".bin/seal-spool"), fileOf("seal-spool"));
  chmodSync(join(box.dir, ".bin/seal-spool"), 0o755);
}

async function bash(box: Sandbox, script: string, env: Record<string, string> = {}): Promise<Ended> {
  const { child, ended } = start(box, "bash", ["-c", script], env, LIMIT);
  child.stdin!.end();
  return ended;
}

function isThere(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

test.skipIf(!isThere("jq"))(
  "its commands, in their order",
  inSandbox(async (box) => {
    prepare(box);
    const { status, stdout, stderr } = await bash(box, commands());
    expect(stderr).not.toMatch(/^failed: /m);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("for the server");
    expect(stdout).toContain('untrusted: the label is "report.txt", not "other.txt"');
    expect(stdout).toMatch(/^untrusted\twork\/other.txt.sealed\t/m);
    expect(stdout).toMatch(/^true$/m);
    expect(stderr).toMatch(/^ +at .*\.c?js:\d+/m);
    for (const name of ["opened-news.txt", "opened-with-the-new-key.txt", "genuine.txt"]) {
      expect(readFileSync(join(box.dir, name), "utf8")).toBe("after the rotation\n");
    }
    expect(["stolen.txt", "forged.txt", "restored.key"].filter((name) => existsSync(join(box.dir, name)))).toEqual([]);
  }),
  LIMIT,
);

describe("a key that was revoked", () => {
  const units = blocks.filter(({ file }) => file?.endsWith(".service"));

  test.each(units.map(({ file, text }) => [file!, text]))("reaches %s: it names the contacts", (_file, text) => {
    const commands = [...text.matchAll(/^ExecStart=.*seal.*$/gm)].map(([line]) => line);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) expect(command).toMatch(/ --contacts \/etc\/seal\/contacts( |$)/);
  });

  test(
    "is refused by the unit that opens what arrives, as systemd starts it: without a home",
    inSandbox(async (box) => {
      prepare(box);
      const { stderr } = await bash(
        box,
        `seal keygen -q -o master.key && seal keygen -q -o server.key --from master.pub
        mkdir -p incoming/in incoming/work incoming/ready incoming/out incoming/rejected
        seal contacts add master master.pub --sender --contacts contacts
        echo forged > f && seal f --to server.pub --sign master.key -o incoming/in/f.sealed
        seal contacts revoke master --reason stolen --contacts contacts
        touch -d '2 minutes ago' incoming/in/*`,
      );
      expect(stderr).toMatch(/^sealed/);
      const [, command] = /^ExecStart=(.*)$/m.exec(fileOf("seal-incoming.service"))!;
      const here = command!
        .replace("/usr/local/bin/", "")
        .replace("/srv/incoming", "incoming")
        .replace(/\$\{CREDENTIALS_DIRECTORY\}|\/etc\/seal/g, box.dir);
      const { status } = await bash(box, `unset SEAL_HOME XDG_CONFIG_HOME; HOME=/nonexistent exec ${here}`);
      expect(status).toBe(7);
      const said = JSON.parse(readFileSync(join(box.dir, "incoming/rejected/f.sealed.json"), "utf8"));
      expect(said).toMatchObject({ code: "untrusted", message: expect.stringContaining("stolen") });
      expect(existsSync(join(box.dir, "incoming/out/f"))).toBe(false);
    }),
    LIMIT,
  );
});

describe("seal-spool", () => {
  const MAKE = `mkdir -p box/in box/work box/ready box/out box/rejected
    seal keygen -q -o master.key; seal keygen -q -o server.key --from master.pub`;
  const SEAL = 'seal-spool seal box --to "$PWD/server.pub" --sign "$PWD/master.key"';
  const OPEN = 'seal-spool open box --key "$PWD/server.key"';

  /** Files that nobody has touched for a while. */
  function put(box: Sandbox, files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(box.dir, "box", name), text);
      utimesSync(join(box.dir, "box", name), 1_000_000_000, 1_000_000_000);
    }
  }

  /** Everything in the directories, sorted. */
  function all(box: Sandbox): string[] {
    const names = readdirSync(join(box.dir, "box"), { recursive: true, encoding: "utf8", withFileTypes: true });
    const paths = names.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    return paths.map((path) => path.slice(join(box.dir, "box/").length)).sort();
  }

  test(
    "seals what is complete, under whatever name, and nothing else",
    inSandbox(async (box) => {
      prepare(box);
      await bash(box, MAKE);
      const name = "-x $(touch owned) \\n 'q' \"q\"";
      put(box, { [`in/${name}`]: "a", "in/.hidden": "b" });
      writeFileSync(join(box.dir, "box/in/growing"), "c");
      symlinkSync("../../master.key", join(box.dir, "box/in/link"));
      const { status, stdout } = await bash(box, SEAL);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, label: name });
      expect(all(box)).toEqual([".lock", "in/.hidden", "in/growing", "in/link", `out/${name}.sealed`].sort());
    }),
  );

  test(
    "goes on wherever it was interrupted, and seals nothing twice",
    inSandbox(async (box) => {
      prepare(box);
      await bash(box, MAKE);
      // Sealed, but the source is still there; out already, but not yet gone from ready; taken, but not sealed; killed
      // while writing.
      put(box, {
        "work/a": "a",
        "ready/a.sealed": "A",
        "ready/b.sealed": "B",
        "work/c": "c",
        "ready/.seal-1.tmp": "d",
      });
      linkSync(join(box.dir, "box/ready/b.sealed"), join(box.dir, "box/out/b.sealed"));
      const { status, stdout } = await bash(box, SEAL);
      expect(status).toBe(0);
      expect(stdout.split("\n").length).toBe(2);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, input: "work/c" });
      expect(all(box)).toEqual([".lock", "out/a.sealed", "out/b.sealed", "out/c.sealed"]);
      expect(readFileSync(join(box.dir, "box/out/a.sealed"), "utf8")).toBe("A");
    }),
  );

  test(
    "tries again what failed, and replaces nothing",
    inSandbox(async (box) => {
      prepare(box);
      await bash(box, MAKE);
      put(box, { "in/a": "a", "in/b": "b", "out/b.sealed": "before" });
      const failed = await bash(box, SEAL.replace("master.key", "nobody.key"));
      expect(failed.status).toBe(3);
      expect(all(box)).toEqual([".lock", "out/b.sealed", "work/a", "work/b"]);
      const again = await bash(box, SEAL);
      expect(again.status).toBe(2);
      expect(again.stderr).toMatch(/^b\.sealed is in out already/);
      expect(all(box)).toEqual([".lock", "out/a.sealed", "out/b.sealed", "ready/b.sealed"]);
      expect(readFileSync(join(box.dir, "box/out/b.sealed"), "utf8")).toBe("before");
      await bash(box, `rm box/out/b.sealed; ${SEAL} && open box/out/b.sealed --key server.key -o b --label b`);
      expect(readFileSync(join(box.dir, "b"), "utf8")).toBe("b");
    }),
  );

  test(
    "opens, puts aside what cannot be opened, and keeps what may be opened later",
    inSandbox(async (box) => {
      prepare(box);
      await bash(box, MAKE);
      put(box, { "in/a": "a" });
      await bash(
        box,
        `${SEAL}; mv box/out/a.sealed box/in; cd box/in; head -c 9999 a.sealed > cut.sealed; touch -d yesterday *`,
      );
      put(box, { "in/other": "no sealed file" });
      expect((await bash(box, OPEN.replace("server.key", "nobody.key"))).status).toBe(3);
      expect(all(box)).toEqual([".lock", "in/other", "work/a.sealed", "work/cut.sealed"]);
      const { status } = await bash(box, OPEN);
      expect(all(box)).toEqual([".lock", "in/other", "out/a", "rejected/cut.sealed", "rejected/cut.sealed.json"]);
      expect(readFileSync(join(box.dir, "box/out/a"), "utf8")).toBe("a");
      const verdict = JSON.parse(readFileSync(join(box.dir, "box/rejected/cut.sealed.json"), "utf8"));
      expect(verdict).toMatchObject({ ok: false, code: "untrusted", exit: status });
    }),
  );
});

test.skipIf(!isThere("systemd-analyze"))(
  "systemd finds no fault in the units",
  inSandbox(async (box) => {
    prepare(box);
    const units = blocks.filter(({ language }) => language === "ini");
    expect(units.length).toBe(6);
    for (const { file, text } of units) {
      const name = file!.replace(/.*\//, "");
      writeFileSync(join(box.dir, name), text.replaceAll("/usr/local/bin/", `${box.dir}/.bin/`));
    }
    const names = units.map(({ file }) => file!.replace(/.*\//, "./"));
    const { stdout, stderr } = await start(box, "systemd-analyze", ["verify", "--man=no", ...names]).ended;
    expect(stdout + stderr).toBe("");
  }),
);

test(
  "the steps of the workflow",
  inSandbox(async (box) => {
    prepare(box);
    const step = /- name: Verify\n[\s\S]*? run: \|\n([\s\S]*)/.exec(fileOf("verify.yml"))![1]!.replace(/^ {10}/gm, "");
    const make = `seal keygen -q -o master.key; mkdir release; cd release
      for name in a b; do echo $name > $name; seal -q $name --to ../master.pub --sign ../master.key --label release-1.4; done`;
    await bash(box, make);
    const { MASTER_SIG: _, ...env } = box.env;
    const sender = /^sealsig1.*$/m.exec(readFileSync(join(box.dir, "master.pub"), "utf8"))![0];
    const run = (SENDER: string) => bash({ ...box, env }, `set -e\n${step}`, { SENDER });
    const good = await run(sender);
    expect(good.stdout).toMatch(
      /^release\/a\.sealed\tverified [0-9a-f]{64}\nrelease\/b\.sealed\tverified [0-9a-f]{64}\n$/,
    );
    expect(good.status).toBe(0);
    await bash(box, "echo >> release/a.sealed");
    const bad = await run(sender);
    expect(bad.stdout).toMatch(/^release\/a\.sealed\ttampered: .*\nrelease\/b\.sealed\tverified/);
    expect(bad.status).toBe(6);
    expect((await run("")).status).toBe(2);
  }),
);

test.skipIf(!isThere("nginx"))(
  "nginx serves, and open takes a part and goes on with a download",
  inSandbox(async (box) => {
    prepare(box);
    const port = await freePort();
    const local = (text: string) => text.replaceAll("https://files.example.com", `https://localhost:${port}`);
    const authority = blocks.find(({ language, text }) => language === "sh" && text.startsWith("openssl req"))!;
    const setup = `set -e; seal keygen -q -o master.key; seal keygen -q -o server.key --from master.pub
      mkdir -p outgoing/out; echo for the server > report.txt
      seal report.txt --to server.pub --sign master.key --label report.txt -o outgoing/out; rm report.txt
      ${authority.text.replaceAll("DNS:files.example.com", "DNS:localhost")}`;
    expect((await bash(box, setup)).status).toBe(0);
    const server = fileOf("seal.conf")
      .replace("listen 443", `listen 127.0.0.1:${port}`)
      .replace(/\/etc\/ssl\/(private\/)?/g, `${box.dir}/`)
      .replace("/srv/outgoing", `${box.dir}/outgoing`);
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${box.dir}/temp;`,
    );
    // The box is its owner's alone, and what root starts would serve it as somebody else.
    const user = process.getuid!() === 0 ? "user root; " : "";
    writeFileSync(
      join(box.dir, "nginx.conf"),
      `${user}daemon off; pid ${box.dir}/pid; error_log stderr; events {} http { access_log off; ${paths.join(" ")} ${server} }`,
    );
    const { child, ended } = start(box, "nginx", ["-e", "stderr", "-c", join(box.dir, "nginx.conf")], {}, LIMIT);
    try {
      await until(() => existsSync(join(box.dir, "pid")), "nginx");
      const console = blocks.find(
        ({ language, text }) => language === "console" && text.startsWith("$ export NODE_EXTRA"),
      )!;
      const client = local(console.text.replace(/^\$ /gm, ""));
      const { status, stderr } = await bash(box, `set -e\n${client}`);
      expect(status, stderr).toBe(0);
      expect(readFileSync(join(box.dir, "report.txt"), "utf8")).toBe("for the server\n");
      expect(readFileSync(join(box.dir, "start"), "utf8")).toBe("for");
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  }),
  LIMIT,
);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
