import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { docsRoutes } from "../../src/plugins/docs.ts";
import type { RequestContext } from "../../src/request/context.ts";
import type { Matched } from "../../src/request/routes.ts";

const unread: Matched = { params: {}, readBody: () => Promise.reject(new Error("Pages have no body.")) };

/** Serves a page to a client. @returns the first piece of the response */
async function serve(path: string): Promise<Buffer> {
  const route = routes.find((each) => each.path === path);
  const first = Promise.withResolvers<Buffer>();
  const response = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      first.resolve(chunk);
      done();
    },
  });
  const res = Object.assign(response, { headersSent: false, writeHead: () => response });
  await route?.handle({ res, headers: {} } as unknown as RequestContext, unread);
  return first.promise;
}

const routes = docsRoutes();

test.each(["/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"])(
  "%s is in memory once, however many clients leave it unread",
  async (path) => {
    const [one, other] = [await serve(path), await serve(path)];
    expect(one.length).toBeGreaterThan(0);
    expect(one.buffer).toBe(other.buffer);
  },
);
