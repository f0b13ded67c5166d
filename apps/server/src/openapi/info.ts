import type { Access } from "@deepbot/api/server";

const description = `A chat platform whose answers come from AI programs that run outside it.

**Workers**, the programs that answer, begin with [the worker guide](/docs/worker).

**Responses** gain members over time. Clients must ignore members and event types that they do not know.

**Errors** are problem documents (RFC 9457). Decide by \`code\`, and by the status where you do not know the code; show \`detail\`. [All codes](/docs/problems) have a page each, which \`type\` leads to.

**Versions.** \`info.version\` follows semantic versioning. A minor version adds operations, optional members of requests, members of responses, event types and codes. A major version changes or removes something; it is announced in the changelog. The \`original\` operations keep their paths, requests and successful responses for ever. Where there is a better operation, the old one is deprecated: its responses carry \`Deprecation\` (RFC 9745) and name the better one in \`Link\`. No date is set for the end of any of them.`;

export const info = {
  title: "Deepbot API",
  version: "1.1.0",
  summary: "Dialogs, runs, and the protocol of the workers that answer them",
  description,
  contact: { name: "The maintainers of Deepbot" },
  license: { name: "MIT", identifier: "MIT" },
};

export const servers = [
  { url: "/", description: "The server that this document comes from, local or in production", "x-internal": false },
  {
    url: "https://{host}",
    description: "A server in production",
    "x-internal": false,
    variables: { host: { default: "localhost", description: "Its host, with a port if that is not 443" } },
  },
];

export const tags = [
  { name: "account", description: "Devices and data of a person" },
  { name: "auth", description: "Sign in, configuration of front ends" },
  { name: "dialogs", description: "A person's dialogs, and the assistants that answer in them" },
  { name: "messages", description: "The history of a dialog" },
  { name: "operator", description: "For people who operate the platform: those of `ADMIN_EMAILS`" },
  {
    name: "original",
    description: "The operations of the back end that Deepbot replaces, for its front ends and workers",
  },
  { name: "runs", description: "Ask a question, watch its answer, stop it" },
  { name: "worker", description: "For workers: take questions and answer them" },
];

export const securitySchemes = {
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "access_token",
    description:
      "Set by `POST /create/users`. Over HTTPS its name is `__Host-access_token`; `access_token` is still read there, for one release.",
  },
  serviceKey: {
    type: "apiKey",
    in: "header",
    name: "X-Messages-Key",
    description: "Service key of workers. A request carries one kind of credential.",
  },
  healthKey: { type: "apiKey", in: "header", name: "X-Health-Key", description: "Key of operators." },
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "The same service key or key of operators in `Authorization: Bearer …`, or a personal token of `POST /me/tokens`, with which a program acts as its person.",
  },
} as const;

/** By which of the schemes a caller may prove itself. */
export const schemesOf: Readonly<Record<Access, readonly (keyof typeof securitySchemes)[]>> = {
  public: [],
  person: ["cookie", "bearer"],
  session: ["cookie"],
  admin: ["cookie"],
  worker: ["serviceKey", "bearer"],
  legacy_worker: ["serviceKey", "bearer"],
  operator: ["healthKey", "bearer"],
};
