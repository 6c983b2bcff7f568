// Names that Node cannot hand on as they are, places that variables name, and arguments that are nearly right.

import { describe, expect, test } from "vitest";
import { oneIn } from "../whole.js";
import { type Ended, inSandbox, type Sandbox, sh } from "./sandbox.js";

oneIn(6);

const isLinux = process.platform === "linux";
/** A directory whose name is not UTF-8, and the one that Node takes it for. */
const TWINS = `D=$(printf 'd\\377'); U=$(printf 'd\\357\\277\\275'); mkdir "$D" "$U"; echo mine > "$D/x"; echo other > "$U/x"`;
const SEAL = "--to $ALICE --sign master.key -q";

async function refused(box: Sandbox, command: string, status: number, words: RegExp, env = {}): Promise<Ended> {
  const ended = await sh(box, command, env);
  expect([ended.status, ended.stderr]).toEqual([status, expect.stringMatching(words)]);
  expect(ended.stderr).not.toMatch(/a bug in seal/);
  return ended;
}

async function works(box: Sandbox, command: string, env = {}): Promise<string> {
  const ended = await sh(box, command, env);
  expect([ended.status, ended.stderr]).toEqual([0, expect.not.stringMatching(/error/)]);
  return ended.stdout;
}

describe.runIf(isLinux)("a name that is not UTF-8", () => {
  test(
    "of the current directory: nothing is written into another",
    inSandbox(async (box) => {
      await refused(box, `${TWINS}; cd "$D" && seal keygen -o k.key`, 2, /current directory is not UTF-8/);
      expect(await works(box, "ls d*")).not.toMatch(/k\.key/);
    }),
  );

  test(
    "as an argument: the other is not sealed for it",
    inSandbox(async (box) => {
      await refused(box, `${TWINS}; seal "$D/x" ${SEAL}`, 2, /an argument is not UTF-8/);
      await refused(box, `seal plan.txt ${SEAL} --label "$(printf 'a\\377')" -o l`, 2, /an argument is not UTF-8/);
      expect(await works(box, "ls d*")).not.toMatch(/sealed/);
    }),
  );

  test(
    "and one that has a U+FFFD by rights: it is sealed",
    inSandbox(async (box) => {
      await works(
        box,
        `${TWINS}; seal "$U/x" ${SEAL} && open "$U/x.sealed" --key alice.key --from $MASTER_SIG -o out -q`,
      );
      expect(await works(box, "cat out")).toBe("other\n");
      expect(
        await works(
          box,
          `cd "$(printf 'd\\357\\277\\275')" && seal ../plan.txt --to $ALICE --sign ../master.key -q -o here && ls`,
        ),
      ).toMatch(/here/);
    }),
  );

  test(
    "where a link leads: its own directory is written to",
    inSandbox(async (box) => {
      await works(
        box,
        `${TWINS}; ln -s "$D" link && seal plan.txt ${SEAL} -o link/out && test -f "$D/out" && ! test -e "$U/out"`,
      );
      await refused(
        box,
        `D=$(printf 'd\\377'); echo > "$D/contacts"; ln -s "$D/contacts" c; seal contacts add bob $BOB --contacts c`,
        2,
        /not UTF-8/,
      );
    }),
  );

  test.each(["SEAL_HOME", "XDG_CONFIG_HOME", "HOME"])("in %s", (name) =>
    inSandbox(async (box) => {
      const others = name === "SEAL_HOME" ? "" : `-u SEAL_HOME${name === "HOME" ? " -u XDG_CONFIG_HOME" : ""}`;
      await refused(
        box,
        `${TWINS}; env ${others} ${name}="$PWD/$D" seal keygen`,
        2,
        new RegExp(`${name} is not UTF-8`),
      );
      expect(await works(box, "find d*")).not.toMatch(/key/);
    })(),
  );

  test(
    "in SEAL_PASSPHRASE_FILE",
    inSandbox(async (box) => {
      await refused(
        box,
        `${TWINS}; SEAL_PASSPHRASE_FILE="$D/x" seal keygen --passphrase -o p.key`,
        2,
        /SEAL_PASSPHRASE_FILE is not UTF-8/,
      );
    }),
  );
});

describe("a place", () => {
  const NO_HOME = "env -u SEAL_HOME -u XDG_CONFIG_HOME -u HOME";

  test.each([
    ["SEAL_HOME", "rel", "env"],
    ["HOME", "rel", "env -u SEAL_HOME -u XDG_CONFIG_HOME"],
    ["HOME", "", "env -u SEAL_HOME -u XDG_CONFIG_HOME"],
  ])("that %s names as %j is no place", (name, value, env) =>
    inSandbox(async (box) => {
      await refused(
        box,
        `${env} ${name}=${value} seal keygen`,
        2,
        new RegExp(`${name} is (empty|not an absolute path)`),
      );
      await refused(
        box,
        `mkdir -p rel .config/seal; echo "evil $MALLORY_SIG sender" | tee rel/contacts > .config/seal/contacts; ${env} ${name}=${value} seal verify forged.sealed`,
        2,
        new RegExp(name),
      );
      expect(await works(box, "find rel .config -name '*.key'")).toBe("");
    })(),
  );

  test(
    "that a relative XDG_CONFIG_HOME names is ignored",
    inSandbox(async (box) => {
      await works(
        box,
        "env -u SEAL_HOME XDG_CONFIG_HOME=rel seal keygen && test -f .config/seal/identity.key && ! test -e rel",
      );
      await works(
        box,
        "rm -r .config && env -u SEAL_HOME XDG_CONFIG_HOME= seal keygen && test -f .config/seal/identity.key",
      );
    }),
  );

  test(
    "that is not there is not needed where everything is named",
    inSandbox(async (box) => {
      const env = { HOME: "/dev/null", SEAL_HOME: "", XDG_CONFIG_HOME: "" };
      await works(box, `seal plan.txt ${SEAL} -o 1 && open 1 --key alice.key --from $MASTER_SIG -q -o -`, env);
      await refused(box, "seal plan.txt --to $ALICE -o 2", 2, /no default identity/, env);
      await refused(box, "seal keygen", 3, /\/dev\/null/, env);
      await works(box, `HOME= seal plan.txt ${SEAL} -o 3 --contacts /dev/null`, { SEAL_HOME: "", XDG_CONFIG_HOME: "" });
    }),
  );

  test(
    "of a user whom the system does not know: what is named is enough, and what is not is a clear error",
    inSandbox(async (box) => {
      const { stdout } = await sh(box, "setpriv --reuid 54321 --clear-groups id -u 2>/dev/null");
      if (stdout !== "54321\n") return console.log("skipped: setpriv, or the right to use it, is missing");
      await works(box, "chmod 755 . && chmod 644 master.key && mkdir -m 777 w");
      const other = `setpriv --reuid 54321 --regid 54321 --clear-groups ${NO_HOME}`;
      await works(box, `${other} seal plan.txt ${SEAL} -o w/1`);
      await refused(box, `${other} seal keygen`, 2, /no home directory/);
    }),
  );

  test.runIf(isLinux)(
    "that is gone, as the current directory",
    inSandbox(async (box) => {
      const gone = "T=$PWD; mkdir gone; cd gone; rmdir ../gone;";
      await works(box, `${gone} seal $T/plan.txt --to $ALICE --sign $T/master.key -q -o $T/1`);
      await refused(box, `${gone} seal ./x --to $ALICE --sign $T/master.key -o $T/2`, 3, /no such file/);
      await refused(box, `${gone} echo x | seal - --to $ALICE --sign $T/master.key -o 3`, 3, /current directory/);
    }),
  );

  test(
    "that Node's permission model closes is an io error",
    inSandbox(async (box) => {
      const flag = process.allowedNodeEnvironmentFlags.has("--permission")
        ? "--permission"
        : "--experimental-permission";
      const node = `"$NODE" --no-warnings ${flag} --allow-fs-read="$TREE" --allow-fs-read="$PWD"`;
      await refused(
        box,
        `HOME=/nowhere SEAL_HOME= ${node} "$TREE/bin/seal.js" plan.txt ${SEAL} -o 1`,
        3,
        /permission model/,
      );
    }),
  );
});

describe("an argument", () => {
  test.each([
    `seal plan.txt --to "" --sign master.key`,
    `seal plan.txt --to $ALICE --sign "" -o 1`,
    `seal plan.txt ${SEAL} -o ""`,
    `seal "" ${SEAL}`,
    `open secret.sealed --key alice.key --from "" -o 1`,
    `open secret.sealed --key "" -o 1`,
    `seal contacts add bob ""`,
  ])("that is empty is refused: %s", (command) =>
    inSandbox(async (box) => {
      await refused(box, command, 2, /is empty/);
    })(),
  );

  test(
    "may be the empty label",
    inSandbox(async (box) => {
      await works(
        box,
        `seal plan.txt ${SEAL} --label "" -o 1 && open 1 --key alice.key --from $MASTER_SIG --label "" -q -o -`,
      );
    }),
  );

  test(
    "that is a key may have white space, a line end or a byte order mark around it",
    inSandbox(async (box) => {
      const [bom, end] = ["$(printf '\\357\\273\\277')", "\n"];
      await works(box, `seal plan.txt --to "$ALICE " --to " ${bom}$BOB${end}" --sign master.key -q -o 1`);
      await works(box, `open 1 --key bob.key --from "${bom}$MASTER_SIG\r${end}" -q -o -`);
      await works(box, `seal contacts add bob "$BOB${end}" -q`);
      await refused(box, `seal plan.txt --to "$ALICE $BOB" --sign master.key`, 2, /white space inside a key/);
      await refused(box, `seal plan.txt --to "bob " --sign master.key`, 2, /white space around the name/);
      const { stderr } = await refused(
        box,
        `seal plan.txt --to "${bom}$(grep SECRET alice.key)" --sign master.key`,
        2,
        /secret/,
      );
      expect(stderr).not.toMatch(/SEAL-SECRET-KEY-1[A-Z0-9]/);
    }),
  );
});

test.runIf(isLinux)(
  "a file of sysfs, which is shorter than it says, is sealed whole",
  inSandbox(async (box) => {
    const { status } = await sh(box, "cat /sys/kernel/mm/transparent_hugepage/enabled");
    if (status !== 0) return console.log("skipped: this machine has no /sys/kernel/mm");
    const file = "/sys/kernel/mm/transparent_hugepage/enabled";
    await works(box, `seal ${file} ${SEAL} -o 1 && open 1 --key alice.key --from $MASTER_SIG -q -o 2 && cmp 2 ${file}`);
  }),
);

test(
  "what nothing has caught is told in one line",
  inSandbox(async (box) => {
    await works(
      box,
      `echo 'setInterval(() => { if (process.listenerCount("uncaughtException") > 0) throw new TypeError("planted"); }, 50)' > bug.mjs`,
    );
    const command = `sleep 5 | NODE_OPTIONS=--import=$PWD/bug.mjs seal - ${SEAL} -o 1`;
    const { status, stderr } = await sh(box, command);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^seal: error: a bug in seal: planted\nseal: hint: .*\n$/),
    ]);
    const json = await sh(box, `sleep 5 | NODE_OPTIONS=--import=$PWD/bug.mjs seal --json - ${SEAL} -o 2`);
    expect(JSON.parse(json.stderr)).toMatchObject({ ok: false, code: "internal", exit: 1 });
    expect(await works(box, "ls")).not.toMatch(/^[12]$/m);
  }),
);

test(
  "an error of the library that a program does not catch shows its own line, and not the whole bundle",
  inSandbox(async (box) => {
    await works(
      box,
      `echo 'import { sealBytes } from "file://'"$TREE"'/dist/index.js"; await sealBytes("text", {});' > use.mjs`,
    );
    const { status, stderr } = await sh(box, '"$NODE" use.mjs');
    expect(status).toBe(1);
    expect(stderr).toMatch(/SealError: the input is a string: it must be a Uint8Array/);
    expect(Math.max(...stderr.split("\n").map(({ length }) => length))).toBeLessThan(400);
  }),
);
