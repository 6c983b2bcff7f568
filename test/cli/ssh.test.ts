// Keys, agents and hosts of ssh, with ssh's own programs: what ssh-keygen wrote, ssh-agent holds and known_hosts names.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { oneIn } from "../whole.js";
import { inSandbox, program, type Sandbox, sh, until } from "./sandbox.js";
import { fed, HAS_SSH, held, KEYS, refused, WORD, withAgent, works } from "./ssh-box.js";

oneIn(6);

const leftIn = (box: Sandbox) =>
  readdirSync(box.dir).filter((name) => name.endsWith(".sealed") || name.startsWith("out"));

/** What prints a private key, which words of it are secret, and how the command is to speak: so many ways. */
function pasted(
  body: string[],
  count: number,
): (readonly [command: string, secrets: readonly string[], mode: string])[] {
  const keys = [
    ["cat ann", body] as const,
    ["head -3 ann", body.slice(0, 2)] as const,
    ["cat ann.ppk", ["SECRET"]] as const,
  ];
  return keys
    .flatMap(([command, secrets]) => ["", " --json"].map((mode) => [command, secrets, mode] as const))
    .slice(0, count);
}

describe.runIf(HAS_SSH)("a key of ssh", () => {
  test(
    "signs and receives: as a file, as text, as a line of authorized_keys",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await works(
        box,
        `seal f --to ben.pub --to "$(cat ann.pub)" --sign ann && open f.sealed --key ben --from ann.pub -o out && cmp f out`,
      );
      await works(box, `open f.sealed --key ann --from "$(cat ann.pub)" -o out2 && cmp f out2`);
      await works(box, `seal verify f.sealed --from "$(seal pub ann | grep sealsig1)"`);
      await works(
        box,
        `mkdir -p .ssh; cat ann.pub ben.pub > .ssh/authorized_keys; seal f --to ./.ssh/authorized_keys --sign cat --force`,
        WORD,
      );
      await works(box, `open f.sealed --key cat --key ben --from cat.pub -o out3 && cmp f out3`, WORD);
      await refused(box, "open f.sealed --key ben -o out4", 7, /not an accepted sender/);
      await refused(box, "open f.sealed --key host --from cat.pub -o out4", 5, /none of the keys given/);
      expect(existsSync(join(box.dir, "out4"))).toBe(false);
    }),
    60_000,
  );

  test(
    "of an identity's contacts and accept lines, and of a journal",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await works(
        box,
        "seal contacts add ann ann.pub --sender; seal f --to ann --sign ann -q; open f.sealed --key ann -o out; cmp f out",
      );
      expect(readFileSync(join(box.dir, "home/contacts"), "utf8")).toMatch(/^ann ssh-ed25519 \S+ sender$/m);
      const listed = await works(box, "seal contacts list ann --json");
      const key = readFileSync(join(box.dir, "ann.pub"), "utf8").split(" ", 2).join(" ");
      expect(JSON.parse(listed.stdout)).toMatchObject({
        recipient: key,
        signer: key,
        sender: true,
        keys: [{ kind: "ssh", key }],
      });
      await works(
        box,
        "seal accept add server.key ben.pub; seal f --to server.pub --sign ben -q -o g; open g --key server.key -o out2",
      );
      await works(
        box,
        `printf 'accept %s\\n' "$(cat host.pub)" >> server.key; seal f --to server.pub --sign host -q -o h; open h --key server.key -o out3`,
      );
      await refused(box, "seal accept add ann ben.pub", 2, /a private key of ssh's/);
      await works(box, "printf 'a\\nb\\n' | seal journal append j --to ben.pub --sign ann");
      expect((await works(box, "seal journal read j --key ben --from ann.pub")).stdout).toBe("a\nb\n");
      await works(
        box,
        "seal keygen -o new.key --sign-as ann; test $(seal pub new.key | grep sealsig1) = $(seal pub ann | grep sealsig1)",
      );
      await works(box, "seal contacts revoke ann");
      await refused(box, "open f.sealed --key ann --from ann.pub -o out5", 7, /revoked/);
      await refused(box, "seal f --to ann.pub --unsigned -o x", 2, /revoked/);
    }),
    90_000,
  );

  test(
    "that is not of use any more is still removed and revoked",
    inSandbox(async (box) => {
      await works(
        box,
        `${KEYS}; seal keygen -q -o k.key; mkdir .ssh; key() { cut -d' ' -f1,2 $1.pub; }
        seal accept add k.key ann.pub ben.pub host.pub
        echo "@revoked * $(key ann)" > .ssh/known_hosts; echo "gone.example.com $(key ann)" >> .ssh/known_hosts
        echo "ben@example.com namespaces=\\"git\\",valid-before=\\"20200101\\" $(key ben)" > signers
        echo "expiry-time=\\"20200101\\" $(key host)" > keys.pub`,
      );
      await refused(box, "seal accept add k.key host:gone.example.com", 2, /revoked/);
      await refused(box, "seal accept add k.key keys.pub", 2, /expired/);
      await works(box, "cp k.key whole.key; seal accept remove k.key host:gone.example.com");
      await works(box, "seal accept remove k.key signer:ben@example.com:signers; seal accept remove k.key keys.pub");
      expect((await works(box, "seal accept list k.key --json")).stdout).toContain('"accept":[]');
      await works(box, "seal accept remove whole.key host:gone.example.com ./signers keys.pub");
      expect((await works(box, "seal accept list whole.key --json")).stdout).toContain('"accept":[]');
      await works(box, "seal contacts revoke host:gone.example.com ./signers; seal contacts revoke keys.pub");
      for (const name of ["ann", "ben", "host"]) {
        const key = readFileSync(join(box.dir, `${name}.pub`), "utf8")
          .split(" ", 2)
          .join(" ");
        expect(readFileSync(join(box.dir, "home/contacts"), "utf8")).toContain(`- ${key} revoked 20`);
      }
    }),
    60_000,
  );

  test(
    "with a passphrase that is wrong or missing, or as other programs write it",
    inSandbox(async (box) => {
      await works(box, `${KEYS}; echo wrong > wrong`);
      await refused(box, "seal f --to ann.pub --sign cat", 5, /wrong passphrase/, {
        SEAL_PASSPHRASE_FILE: "wrong",
      });
      await refused(box, "seal f --to ann.pub --sign cat", 5, /a passphrase is needed/);
      await works(box, "ssh-keygen -q -t ed25519 -N 'correct horse' -a 4 -Z aes256-gcm@openssh.com -f gcm");
      await refused(
        box,
        "seal f --to ann.pub --sign gcm",
        2,
        /under aes256-gcm@openssh.com[\s\S]*ssh-keygen -p -Z aes256-ctr/,
        WORD,
      );
      await works(
        box,
        "ssh-keygen -q -p -P 'correct horse' -N 'correct horse' -Z aes256-ctr -a 4 -f gcm; seal f --to ann.pub --sign gcm",
        WORD,
      );
      await works(
        box,
        "openssl genpkey -algorithm ed25519 -out pkcs8 && ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f pem",
      );
      await works(
        box,
        "{ head -1 ann; sed '1d;$d' ann | tr -d '\\n'; echo; tail -1 ann; } > oneline; chmod 600 oneline",
      );
      await refused(box, "seal f --to ann.pub --sign oneline --force", 2, /in lines[\s\S]*ssh-keygen -p -f FILE/);
      await works(box, "ssh-keygen -q -p -P '' -N '' -f oneline; seal f --to ann.pub --sign oneline --force");
      await refused(box, "seal f --to ann.pub --sign pkcs8 --force", 2, /PKCS #8[\s\S]*ssh-keygen/);
      await refused(box, "seal f --to ann.pub --sign pem --force", 2, /an RSA private key[\s\S]*ssh-keygen -t ed25519/);
      for (const args of ["--to cat --sign ann", "--to ./cat --sign ann"])
        expect((await sh(box, `seal f ${args} --force`)).status).toBe(2);
    }),
    60_000,
  );

  test(
    "of another kind is refused by its name, wherever it is given",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await works(
        box,
        "ssh-keygen -q -t rsa -b 2048 -N '' -f rsa; ssh-keygen -q -t ecdsa -N '' -f ecdsa; ssh-keygen -q -s host -I id -n ann ann.pub",
      );
      const sk = `sk-ssh-ed25519@openssh.com ${Buffer.from("\0\0\0\x1ask-ssh-ed25519@openssh.com").toString("base64")}`;
      writeFileSync(join(box.dir, "sk.pub"), `${sk} token\n`);
      const kinds: Record<string, RegExp> = {
        rsa: /an RSA key[\s\S]*ssh-keygen -t ed25519/,
        ecdsa: /an ECDSA key[\s\S]*ssh-keygen -t ed25519/,
        sk: /a key on a security key \(FIDO\)[\s\S]*ssh-keygen -t ed25519/,
        "ann-cert": /an OpenSSH certificate[\s\S]*ssh-keygen -t ed25519/,
      };
      for (const [name, words] of Object.entries(kinds)) {
        await refused(box, `seal f --to ${name}.pub --unsigned`, 2, words);
        await refused(box, `seal f --to "$(cat ${name}.pub)" --unsigned`, 2, words);
        await refused(box, `seal f --to ann.pub --sign ${name}.pub`, 2, words, { SSH_AUTH_SOCK: "/nowhere" });
        await refused(box, `seal verify f --from ${name}.pub`, 2, words);
        await refused(box, `seal accept add server.key ${name}.pub`, 2, words);
        await refused(box, `seal contacts add x ${name}.pub`, 2, words);
      }
      for (const name of ["rsa", "ecdsa"]) {
        await refused(box, `seal f --to ann.pub --sign ${name}`, 2, kinds[name]!);
        await refused(box, `seal pub ${name}`, 2, kinds[name]!);
      }
      await refused(box, "seal f --to ann.pub --to alice.pub --to rsa.pub --unsigned", 2, /an RSA key/);
      await works(box, "seal keygen -q -o pq.key");
      await refused(box, "seal f --to ann.pub --to pq.pub --unsigned", 2, /post-quantum keys, but not ann.pub/);
      await refused(box, "seal f --to ann.pub --passphrase --unsigned", 2, /classic keys/);
      expect(
        leftIn(box).filter((name) => !["unsigned.sealed", "forged.sealed", "secret.sealed"].includes(name)),
      ).toEqual([]);
    }),
    120_000,
  );

  test(
    "that is secret and was pasted into the command line is refused, and shown nowhere",
    inSandbox(async (box) => {
      await works(box, KEYS);
      const body = readFileSync(join(box.dir, "ann"), "utf8").split("\n").slice(1, -2);
      const putty = "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nAAAA/SECRET\nPrivate-MAC: 0123abcd\n";
      writeFileSync(join(box.dir, "ann.ppk"), putty);
      for (const [command, status] of [
        ["seal f --to ben.pub --sign KEY", 2],
        ["seal f --to KEY --unsigned", 2],
        ["seal verify f --from signer:ann:KEY", 2],
        ["open f.sealed --key KEY", 2],
        ["seal pub KEY", 2],
        ["seal accept add ann KEY", 2],
        ["seal contacts add ann KEY", 2],
        ["seal KEY --to ben.pub --unsigned", 2],
        ["seal f --to ben.pub --unsigned --contacts KEY", 3],
      ] as const)
        for (const [file, secrets, mode] of pasted(body, status === 2 ? 1 : 4)) {
          const line = `${command.replace("KEY", `"$(${file})"`)}${mode}`;
          const { status: is, stdout, stderr } = await sh(box, line, { SEAL_DEBUG: "1" });
          const hint = status === 2 ? /Treat this key as compromised/ : /error|"ok":false/;
          expect([is, stdout + stderr], line).toEqual([status, expect.stringMatching(hint)]);
          for (const secret of secrets) expect(stdout + stderr, line).not.toContain(secret);
          if (mode) expect(JSON.parse(stdout.trim().split("\n").at(-1)!), line).toMatchObject({ ok: false });
        }
    }),
    300_000,
  );

  test(
    "of allowed signers: as ssh-keygen judges them",
    inSandbox(async (box) => {
      await works(box, KEYS);
      const [ann, ben] = ["ann", "ben"].map((name) =>
        readFileSync(join(box.dir, `${name}.pub`), "utf8")
          .split(" ", 2)
          .join(" "),
      );
      await works(box, "seal f --to host.pub --sign ann -q; ssh-keygen -q -Y sign -f ann -n seal f");
      const lines = [
        `ann@example.com ${ann}`,
        `ann@example.com ${ben}`,
        `ben@example.com,ann@* ${ann} comment`,
        `ann@example.com,!ann@example.com ${ann}`,
        `"ann@example.com" namespaces="seal" ${ann}`,
        `ann@example.com namespaces="git,file" ${ann}`,
        `ann@example.com namespaces="git,se*" ${ann}`,
        `ann@example.com valid-after="20200101",valid-before="20990101Z" ${ann}`,
        `ann@example.com valid-before="20200101" ${ann}`,
        `ann@example.com valid-after="20990101" ${ann}`,
        `ann@example.com cert-authority ${ann}`,
        `# ${ann}`,
      ];
      for (const line of lines) {
        writeFileSync(join(box.dir, "allowed"), `${line}\n`);
        const judged = await sh(box, "ssh-keygen -Y verify -f allowed -I ann@example.com -n seal -s f.sig < f");
        const ours = await sh(box, "seal verify f.sealed --from signer:ann@example.com:allowed");
        expect([line, ours.status === 0, ours.stderr]).toEqual([line, judged.status === 0, expect.anything()]);
      }
      writeFileSync(join(box.dir, "allowed"), `${lines[1]}\n${lines[0]}\n`);
      await works(box, "open f.sealed --key host --from ./allowed -o out");
      await refused(box, "seal f --to ./allowed --unsigned --force", 2, /it says who signs/);
    }),
    90_000,
  );
});

describe.runIf(HAS_SSH)("a host of known_hosts", () => {
  test(
    "is sealed for by its name, and opens by its host key",
    inSandbox(async (box) => {
      await works(
        box,
        `${KEYS}; mkdir .ssh; k() { cut -d' ' -f1,2 $1.pub; }
        { echo "one.example.com,192.0.2.1 $(k host)"; echo "two.example.com $(k ben)"; echo "[two.example.com]:2222 $(k host)"; } > .ssh/known_hosts
        ssh-keygen -q -H -f .ssh/known_hosts; rm .ssh/known_hosts.old; ! grep -q example .ssh/known_hosts
        echo "three.example.com $(k host)" >> .ssh/known_hosts; echo "*.wild.example.com $(k ann)" > .ssh/known_hosts2`,
      );
      const opens = async (name: string, key: string) =>
        works(
          box,
          `rm -f f.sealed out; seal f --to ${name} --sign ann -q && open f.sealed --key ${key} --from ann.pub -o out && cmp f out`,
        );
      await opens("host:one.example.com", "host");
      await opens("host:192.0.2.1", "host");
      await opens("host:two.example.com", "ben");
      await opens("host:two.example.com:2222", "host");
      await opens("'host:[two.example.com]:2222'", "host");
      await opens("host:THREE.example.com", "host");
      await opens("host:x.wild.example.com", "ann");
      await opens("host:one.example.com --to host:two.example.com", "ben");
      const many = Array.from({ length: 20 }, (_, i) => `--to host:x${i}.wild.example.com`).join(" ");
      const { stderr } = await works(box, `seal f ${many} --sign ann --force`);
      expect(stderr).toMatch(/^sealed f -> f\.sealed: .*\n$/);
      await works(box, "seal contacts add one host:one.example.com; grep -q '^one ssh-ed25519' home/contacts");
      // ssh itself finds the same lines.
      for (const name of ["one.example.com", "[two.example.com]:2222", "three.example.com"])
        expect((await sh(box, `ssh-keygen -F '${name}' -f .ssh/known_hosts`)).status).toBe(0);
      await refused(
        box,
        "seal f --to host:four.example.com --unsigned --force",
        2,
        /no key of this host is known[\s\S]*ssh-keyscan -t ed25519/,
      );
      await works(box, `printf '@revoked * %s\\n' "$(cut -d' ' -f1,2 host.pub)" >> .ssh/known_hosts`);
      await refused(box, "seal f --to host:one.example.com --unsigned --force", 2, /revoked/);
      await works(
        box,
        `ssh-keygen -q -t rsa -b 2048 -N '' -f rsa; printf 'five %s\\n@cert-authority six %s\\n' "$(cut -d' ' -f1,2 rsa.pub)" "$(cut -d' ' -f1,2 ann.pub)" >> .ssh/known_hosts`,
      );
      await refused(box, "seal f --to host:five --unsigned --force", 2, /an RSA key[\s\S]*ssh-keyscan -t ed25519/);
      await refused(box, "seal f --to host:six --unsigned --force", 2, /@cert-authority[\s\S]*ssh-keyscan -t ed25519/);
      await refused(box, "seal f --to host: --unsigned --force", 2, /not a host's name/);
    }),
    120_000,
  );
});

describe.runIf(HAS_SSH)("an agent of ssh's", () => {
  test(
    "signs once for a file of any size, and once for an epoch",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await withAgent(box, "ssh-add -q ann && rm ann", async (env, signed) => {
        await works(box, "head -c 20000000 /dev/zero > big; seal big --to ben.pub --sign ann.pub", env);
        expect(signed()).toBe(1);
        await works(box, "seal verify big.sealed --from ann.pub");
        await works(box, `seal f --to ben.pub --sign "$(cat ann.pub)"`, env);
        expect(signed()).toBe(2);
        await works(box, "seal rewrap f.sealed --key ben --sign ann.pub --to host.pub", env);
        expect(signed()).toBe(3);
        const before = signed();
        const { ended } = await fed(box, ["1", "2", "3", "4", "5"], ["--epoch-records", "2"], env);
        expect((await ended).status).toBe(0);
        const { stdout } = await works(box, "seal journal verify j --from ann.pub --json");
        const { epochs } = JSON.parse(stdout);
        expect(epochs).toBeGreaterThan(1);
        expect(signed() - before).toBe(epochs);
      });
    }),
    120_000,
  );

  test.runIf(process.platform === "linux")(
    "that confirms (ssh-add -c) is asked once, and its no is final",
    inSandbox(async (box) => {
      await works(
        box,
        `${KEYS}; printf '#!/bin/sh\\ncd "$(dirname "$0")/.."; echo "$1" >> asked; exec test -e yes\\n' > .bin/askpass; chmod +x .bin/askpass; touch yes`,
      );
      const env = { SSH_ASKPASS: join(box.dir, ".bin/askpass"), DISPLAY: ":nowhere", SSH_ASKPASS_REQUIRE: "force" };
      await withAgent(
        box,
        "ssh-add -q -c ann && rm ann",
        async (asking, signed) => {
          await works(box, "head -c 9000000 /dev/zero > big; seal big --to ben.pub --sign ann.pub", asking);
          expect(readFileSync(join(box.dir, "asked"), "utf8").match(/Allow use of key/g)).toHaveLength(1);
          await works(box, "rm yes big.sealed");
          await refused(box, "seal big --to ben.pub --sign ann.pub", 3, /refused to sign/, asking);
          expect(signed()).toBe(2);
          expect(existsSync(join(box.dir, "big.sealed"))).toBe(false);
        },
        env,
      );
    }),
    90_000,
  );

  test(
    "that is gone, locked or has other keys",
    inSandbox(async (box) => {
      await works(box, KEYS);
      const command = "seal f --to ben.pub --sign ann.pub";
      await refused(box, command, 3, /SSH_AUTH_SOCK is not set[\s\S]*ssh-add/, { SSH_AUTH_SOCK: "" });
      await refused(box, command, 3, /cannot be asked: no such file/, { SSH_AUTH_SOCK: join(box.dir, "gone") });
      await withAgent(box, "ssh-add -q ben", async (env, signed, real) => {
        await refused(box, command, 3, /does not have the key ssh-ed25519 [\s\S]*it has 1 other[\s\S]*ssh-add/, env);
        await works(box, "ssh-add -q ann", real);
        await works(box, `printf '#!/bin/sh\\necho lock\\n' > .bin/word; chmod +x .bin/word; ssh-add -x`, {
          ...real,
          SSH_ASKPASS: join(box.dir, ".bin/word"),
          SSH_ASKPASS_REQUIRE: "force",
          DISPLAY: ":",
        });
        await refused(box, command, 3, /it has none, or is locked/, env);
        const told = JSON.parse((await sh(box, `${command} --json`, env)).stdout);
        expect(told).toMatchObject({ ok: false, code: "io", exit: 3, message: expect.stringMatching(/or is locked$/) });
        expect(signed()).toBe(0);
      });
      expect(existsSync(join(box.dir, "f.sealed"))).toBe(false);
    }),
    60_000,
  );

  test(
    "that answers never: Ctrl-C ends it, and nothing is left",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await withAgent(box, "ssh-add -q ann", async (_env, _signed, real) => {
        const { env, asked, end } = await held(box, real, 0);
        const { child, ended } = program(box, "seal", ["f", "--to", "ben.pub", "--sign", "ann.pub"], env);
        await until(() => asked() === 1, "a question");
        child.kill("SIGINT");
        expect((await ended).status).toBe(130);
        expect(existsSync(join(box.dir, "f.sealed"))).toBe(false);
        end();
      });
    }),
    60_000,
  );

  test(
    "that goes away during a journal: it is said, and what was acknowledged stays",
    inSandbox(async (box) => {
      await works(box, KEYS);
      await withAgent(box, "ssh-add -q ann", async (_env, _signed, real) => {
        const { child, ended } = await fed(box, ["one"], ["--epoch-records", "1"], real, false);
        await works(box, "ssh-add -q -D", real);
        child.stdin!.end("two\n");
        const { status, stdout, stderr } = await ended;
        expect([status, stdout + stderr]).toEqual([3, expect.stringMatching(/refused to sign/)]);
        expect(stdout).toMatch(/^\{"ok":true,"records":1\}/);
      });
      expect((await works(box, "seal journal read j --key ben --from ann.pub")).stdout).toMatch(/^one\n/);
    }),
    60_000,
  );
});
