/**
 * `--import` loads this into every measured process before its program. It reports the memory after a garbage collection over the
 * channel to the parent process, and exits with the parent. It is not TypeScript, because loading
 * Node's compiler would add much to the measured start and 20 MB to the measured memory.
 */
process.on("message", (message) => {
  if (message !== "memory") return;
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, used: heapUsed + external });
});
process.on("disconnect", () => process.exit(1));
