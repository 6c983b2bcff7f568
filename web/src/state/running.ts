// Work that would be lost if the page were closed now: the browser asks before it is.

let running = 0;

addEventListener("beforeunload", (event) => {
  if (running > 0) event.preventDefault();
});

export async function whileRunning<T>(work: () => Promise<T>): Promise<T> {
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
  }
}
