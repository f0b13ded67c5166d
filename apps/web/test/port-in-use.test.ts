import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const web = fileURLToPath(new URL("..", import.meta.url));

it("says in one sentence that the port is taken, and which setting changes it", async () => {
  const blocker = createServer().listen(0, "localhost");
  await once(blocker, "listening");
  const address = blocker.address();
  const port = typeof address === "object" && address !== null ? String(address.port) : "";
  const vite = spawn("node_modules/.bin/vite", [], { cwd: web, env: { ...process.env, WEB_PORT: port } });
  const [output, [exitCode]] = await Promise.all([
    Promise.all([text(vite.stdout), text(vite.stderr)]).then((parts) => parts.join("")),
    once(vite, "exit"),
  ]);
  blocker.close();
  // Vite may announce first that it bundles dependencies anew.
  const lines = output
    .trim()
    .split("\n")
    .filter((line) => !line.includes("Re-optimizing dependencies"));
  expect(lines).toEqual([`Port ${port} is already in use. Set WEB_PORT to a free port, or free this one.`]);
  expect(exitCode).toBe(1);
}, 30_000);
