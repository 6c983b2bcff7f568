// Loaded into the service by the test of its memory: a full garbage collection at SIGUSR2. (node --expose-gc --import …)
process.on("SIGUSR2", () => {
  globalThis.gc();
  process.stdout.write("collected\n");
});
