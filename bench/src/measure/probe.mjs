/**
 * Loaded into every measured process before its program, by `--import`: tells its memory after a collection, over the
 * channel that its parent opened, and ends with its parent. The program does not know of it. Not TypeScript: loading
 * Node's compiler for it would be a good part of the start and 20 MB of the memory that are measured.
 */
process.on("message", (message) => {
  if (message !== "memory") return;
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, used: heapUsed + external });
});
process.on("disconnect", () => process.exit(1));
