// What stands between a service and its database, and cuts a connection at a message: before the database has it, or
// when it has done what it was asked for and the answer is on its way.

import { connect, createServer, type Socket } from "node:net";

export interface Wire {
  readonly port: number;
  /** Messages of clients so far. */
  sent: number;
  /** At which of them a connection is cut, and where; null cuts none. */
  cut: { readonly at: number; readonly where: "before" | "answer" } | null;
  close(): void;
}

export async function wireTo(target: number): Promise<Wire> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(target, "127.0.0.1");
    const both = [client, database];
    let isDeaf = false;
    const end = () => {
      for (const socket of both) socket.destroy();
    };
    for (const socket of both) {
      open.add(socket.setNoDelay());
      socket.on("error", end).on("close", end);
    }
    client.on("data", (bytes) => {
      const isHit = wire.cut?.at === wire.sent++;
      if (isHit && wire.cut!.where === "before") return end();
      isDeaf ||= isHit;
      database.write(bytes);
    });
    database.on("data", (bytes) => (isDeaf ? end() : client.write(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const wire: Wire = {
    port: (server.address() as { port: number }).port,
    sent: 0,
    cut: null,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
  return wire;
}
