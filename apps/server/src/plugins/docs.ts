import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { AppError } from "@deepbot/api/server";
import { isErrorCode } from "@deepbot/contract";
import openApiDocument from "../../openapi.json" with { type: "json" };
import workerGuide from "../../worker-guide.json" with { type: "json" };
import { pageOf } from "../docs/page.ts";
import { problemIndex, problemPage } from "../docs/problem-pages.ts";
import { type RequestContext } from "../request/context.ts";
import { jsonType, sendEmpty, sendResponse } from "../request/send.ts";
import { getRoute, type Route } from "../request/routes.ts";

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

function sendPage(request: RequestContext, contentType: string, content: string | Buffer): void {
  request.headers["Content-Security-Policy"] = contentPolicy;
  sendResponse(request, { status: 200, contentType: `${contentType}; charset=utf-8`, content });
}

function pageRoute(path: string, contentType: string, content: string): Route {
  return getRoute("docs", path, (request) => sendPage(request, contentType, content));
}

/** A file of Swagger UI, read from its package once: responses that nobody takes share one copy. */
function assetRoute(file: string, contentType: string): Route {
  let content: Buffer | undefined;
  return getRoute("docs", `/docs/${file}`, async (request) => {
    request.headers["Cache-Control"] = "public, max-age=3600";
    content ??= await readFile(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${file}`)));
    sendPage(request, contentType, content);
  });
}

const problemRoute = getRoute("docs", "/docs/problems/{code}", (request, { params: { code = "" } }) => {
  if (!isErrorCode(code)) throw new AppError("not_found", { path: request.path });
  sendPage(request, "text/html", problemPage(code));
});

/** Swagger UI, the OpenAPI document, and pages about what it leaves open. Every file comes from this server. */
export function docsRoutes(): Route[] {
  const document = Buffer.from(JSON.stringify(openApiDocument));
  return [
    pageRoute("/docs", "text/html", page),
    pageRoute("/docs/worker", "text/html", pageOf("Worker guide", workerGuide.html)),
    pageRoute("/docs/problems", "text/html", problemIndex()),
    problemRoute,
    pageRoute("/docs/init.js", "text/javascript", init),
    assetRoute("swagger-ui.css", "text/css"),
    assetRoute("swagger-ui-bundle.js", "text/javascript"),
    getRoute("docs", "/openapi.json", (request) =>
      sendResponse(request, { status: 200, contentType: jsonType, content: document }),
    ),
    getRoute("docs", "/redoc", (request) => {
      request.headers["Location"] = "/docs";
      sendEmpty(request, 307);
    }),
  ];
}
