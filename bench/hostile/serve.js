// The files of a folder on 127.0.0.1, in parts where they are asked for.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";

/** @returns {Promise<{ url: string, close(): void }>} */
export async function serve(folder) {
  const server = createServer((request, response) => {
    const path = join(folder, basename(request.url));
    const { size } = statSync(path);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(size - 1, range?.[2] ? Number(range[2]) : size - 1);
    const partly = range ? { "content-range": `bytes ${start}-${end}/${size}` } : {};
    const headers = { "content-length": end + 1 - start, "accept-ranges": "bytes", etag: `"${size}"`, ...partly };
    response.writeHead(range ? 206 : 200, headers);
    createReadStream(path, { start, end })
      .on("error", () => response.destroy())
      .pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
