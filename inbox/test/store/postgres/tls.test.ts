// A stranger in the place of the database, who has made a certificate for himself: he is sent nothing, whatever the
// environment says.

import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate, pemOf } from "../../../src/peers/certificate.js";

const PROGRAM = fileURLToPath(new URL("../../../bin/seal-inbox.js", import.meta.url));

test.each(["1", "0"])(
  "a database whose certificate nobody vouches for, NODE_TLS_REJECT_UNAUTHORIZED=%s",
  async (value) => {
    const { bytes, key } = makeCertificate();
    const own = { cert: pemOf(bytes), key: key.export({ type: "pkcs8", format: "pem" }) as string };
    const [asked, got]: [string[], string[]] = [[], []];
    const stranger = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (request) => {
        asked.push(request.toString("hex"));
        // He would have TLS.
        socket.write("S");
        const secured = new TLSSocket(socket, { isServer: true, ...own });
        secured.on("error", () => undefined);
        secured.on("data", (piece) => {
          got.push(String(piece));
          secured.destroy();
        });
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void stranger.close());
    await new Promise((resolve) => stranger.once("listening", resolve));
    const { port } = stranger.address() as { port: number };
    const SEAL_INBOX_STORE = `postgres://ann@127.0.0.1:${port}/box?sslmode=verify-full`;
    const env = { ...process.env, SEAL_INBOX_STORE, NODE_TLS_REJECT_UNAUTHORIZED: value, PGPASSWORD: "a password" };
    const ended = await new Promise<{ status: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [PROGRAM, "list"], { env }, (error, _stdout, stderr) =>
        resolve({ status: error?.code, stderr }),
      );
    });
    expect([ended.status, new Set(asked), got]).toEqual([3, new Set(["0000000804d2162f"]), []]);
    expect(ended.stderr).toMatch(/^seal-inbox: error: cannot reach postgres/m);
  },
);
