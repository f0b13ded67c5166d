import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { until } from "@deepbot/testing";
import { expect, onTestFinished, test } from "vitest";
import { createHandler, createRouteTable, getRoute, type HandlerDeps } from "../../src/request/routes.ts";

/** A server with two routes: one responds, the other one never does. */
async function startServer(): Promise<{ port: number; watched: string[]; ended: string[] }> {
  const [watched, ended]: [string[], string[]] = [[], []];
  const deps: HandlerDeps = {
    frontOrigin: "http://front.test",
    ownScheme: "http:",
    allowedHosts: ["localhost"],
    routes: createRouteTable([
      getRoute("soon", "/soon", ({ res }) => void res.end("ok")),
      getRoute("never", "/never", ({ res }) => void res.write("begun")),
    ]),
    handleError: (_error, { res }) => void res.writeHead(400).end(),
    findClient: () => ({ address: "127.0.0.1", network: "127.0.0.1" }),
    countRefusals: (_request, check) => check(),
    onEnd: () => {},
    stopping: AbortSignal.any([]),
    stallGuard: {
      watch: ({ req }) => {
        watched.push(req.url ?? "");
        return () => void ended.push(req.url ?? "");
      },
    },
  };
  const server = createServer(createHandler(deps)).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, watched, ended };
}

test.for([
  ["is whole", "/soon"],
  ["is refused", "/unknown"],
  ["is cut off by its client", "/never"],
])("a response that %s is watched, and once it is over no more", async ([, path = ""]) => {
  const { port, watched, ended } = await startServer();
  const client = connect(port, "127.0.0.1");
  client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await once(client, "data");
  expect(watched).toEqual([path]);
  if (path === "/never") client.destroy();
  await until("it is over", () => ended.length > 0);
  client.destroy();
  expect(ended).toEqual([path]);
});
