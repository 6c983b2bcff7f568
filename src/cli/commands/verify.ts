// seal verify FILE… --from S…

import { loadSuite } from "../../crypto/index.js";
import type { Header } from "../../io/request.js";
import type { Contacts } from "../../keys/contacts.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../ops/header.js";
import type { Progress } from "../../ops/io.js";
import { type VerifyOptions, verify as verifySource } from "../../ops/verify.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  collect,
  contactsOption,
  forEachInput,
  headerOption,
  threadsOption,
} from "../command.js";
import { engineFor } from "../engine.js";
import { resolveHeaders } from "../headers.js";
import { openInputOrUrl, shownInput } from "../outputs.js";
import { verifyingPolicy } from "../policy.js";
import { withProgress } from "../progress.js";
import { lines, signerOf } from "../text.js";

interface Options extends Common {
  readonly from?: readonly string[];
  readonly label?: string;
  readonly threads?: number;
  readonly maxAge?: string;
  readonly contacts?: string;
  readonly header?: readonly string[];
}

export const verify: CommandDefinition<Options> = {
  name: "verify",
  summary: "verify sealed files without any secret",
  examples: [
    ["seal verify backup.tar.sealed --from master.pub", "tell whether it is what master signed"],
    ["seal verify release/*.sealed --from sealsig1… --label release-1.4", "verify all files of a release"],
  ],

  define: (command) => {
    command
      .argument("<FILE...>", "sealed files; http or https URLs; - for standard input")
      .option(
        "--from <S>",
        "a sender to accept: sealsig1…, a .pub file, or a contact (repeatable; default: the contacts that are marked as senders)",
        collect,
      )
      .option("--label <TEXT>", "demand exactly this label")
      .option("--max-age <AGE>", "refuse what was sealed earlier than this: 90s, 15m, 12h, 30d")
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: () => false,

  run: async (files, options, context) => {
    const suite = await loadSuite();
    const engine = engineFor(suite, files, options.threads);
    const { policy, contacts } = await verifyingPolicy(options, context);
    const headers = await resolveHeaders(options.header, files, context.signal);
    await forEachInput(files, context, (file, isNext) =>
      verifyOne(file, headers, isNext, context, { suite, engine, policy, signal: context.signal }, contacts),
    );
  },
};

async function verifyOne(
  file: string,
  headers: readonly Header[],
  isNext: () => boolean,
  { report, signal }: Context,
  settings: Omit<VerifyOptions, "progress">,
  contacts: Contacts,
): Promise<() => void> {
  const started = process.uptime();
  const shown = shownInput(file);
  const source = await openInputOrUrl(file, signal, { headers, note: report.note });
  try {
    const work = (progress?: Progress) => verifySource(source, { ...settings, progress });
    const verified = await withProgress(report, shown, work, isNext);
    const seconds = process.uptime() - started;
    const signer = encodeSigner(verified.signer);
    const sealedAt = isoTime(verified.sealedAt);
    const signerName = contacts.owner(verified.signer)?.name ?? null;
    const facts = { input: shown, ...verified, signer, signerName, sealedAt, seconds };
    const { bytes, label, digest } = verified;
    return () =>
      report.result(
        facts,
        lines(`${shown}: verified`, {
          signer: signerOf(signer, signerName),
          label,
          "sealed at": sealedAt,
          bytes,
          digest,
        }),
        "stdout",
      );
  } finally {
    await source.close();
  }
}
