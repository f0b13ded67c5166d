import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openApiDocument from "../../openapi.json" with { type: "json" };
import type { Exchange } from "./exchange.ts";
import { send, sendEmpty, sendJson } from "./respond.ts";

const contentPolicy =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Deepbot API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/init.js"></script>
  </body>
</html>
`;

const init = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, withCredentials: true });\n`;

const assets: Readonly<Record<string, string>> = {
  "/docs/swagger-ui.css": "text/css; charset=utf-8",
  "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

async function readAsset(path: string): Promise<Buffer> {
  return readFile(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${path.slice("/docs/".length)}`)));
}

function sendPage(exchange: Exchange, contentType: string, content: string | Buffer): void {
  exchange.headers["Content-Security-Policy"] = contentPolicy;
  send(exchange, { status: 200, contentType, content });
}

/** Swagger UI and the document it shows, all from this server. Returns false for any other path. */
export async function answerDocs(exchange: Exchange): Promise<boolean> {
  const { headers, method, path } = exchange;
  if (method !== "GET" && method !== "HEAD") return false;
  const assetType = assets[path];
  if (assetType !== undefined) {
    headers["Cache-Control"] = "public, max-age=3600";
    sendPage(exchange, assetType, await readAsset(path));
  } else if (path === "/docs") sendPage(exchange, "text/html; charset=utf-8", page);
  else if (path === "/docs/init.js") sendPage(exchange, "text/javascript; charset=utf-8", init);
  else if (path === "/openapi.json") sendJson(exchange, 200, openApiDocument);
  else if (path === "/redoc") {
    headers["Location"] = "/docs";
    sendEmpty(exchange, 307);
  } else return false;
  return true;
}
