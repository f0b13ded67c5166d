// Exits with 0 if the address in its argument responds with a 2xx in time. The image needs no curl.
const [address = ""] = process.argv.slice(2);

const isHealthy = await fetch(address, { signal: AbortSignal.timeout(3_000), redirect: "error" }).then(
  (response) => response.ok,
  () => false,
);
process.exitCode = isHealthy ? 0 : 1;
