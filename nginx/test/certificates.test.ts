import { once } from "node:events";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { fileURLToPath } from "node:url";
import { hostName, issueCertificate, startChild, until, type KeyPair } from "@deepbot/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startStandIn, type StandIn } from "./support/backend.ts";
import { startProxy, type Proxy } from "./support/proxy.ts";
import { openRequest, sendPlainRequest, sendRequest } from "./support/requests.ts";

let backend: StandIn;
let proxy: Proxy;
/** Responses that stay open until a test ends them. */
let held: ((text: string) => void)[];

beforeEach(async () => {
  held = [];
  backend = await startStandIn((res, { target }) => {
    if (!target.endsWith("/events")) {
      res.end("{}");
      return;
    }
    res.writeHead(200, { "content-type": "text/event-stream", "x-accel-buffering": "no" });
    res.write("first\n");
    held.push((text) => void res.end(text));
  });
  proxy = await startProxy({ backends: [backend.address] });
});

afterEach(async () => {
  await proxy.stop();
  await backend.close();
});

const issue = (name: string): Promise<KeyPair> => issueCertificate(name, `DNS:${hostName}`);

/** Common name of the certificate that nginx presents now. */
async function presented(): Promise<string> {
  const socket = connect({
    port: proxy.ports.https,
    host: "127.0.0.1",
    servername: hostName,
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  const { subject }: PeerCertificate = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

const presents = async (name: string): Promise<void> => {
  await until(`nginx presents ${name}`, async () => (await presented()) === name);
};

async function put(pair: Partial<KeyPair>): Promise<void> {
  const folder = join(proxy.folder, "issued");
  await mkdir(folder, { recursive: true });
  if (pair.key !== undefined) await writeFile(join(folder, "privkey.pem"), pair.key);
  if (pair.certificate !== undefined) await writeFile(join(folder, "fullchain.pem"), pair.certificate);
}

test("without a certificate nginx makes one and keeps its key private", async () => {
  expect(await presented()).toBe(hostName);
  const { mode } = await stat(join(proxy.folder, "own/run/tls"));
  expect(mode & 0o077).toBe(0);
});

test("nginx takes an issued certificate and then a renewed one, without cutting a stream", async () => {
  const site = { port: proxy.ports.https, certificate: proxy.certificate, host: hostName };
  const stream = await openRequest(site, "/runs/7/events");
  stream.setEncoding("utf8");
  const [first] = (await once(stream, "data")) as [string];
  expect(first).toBe("first\n");

  const issued = await issue("issued");
  await put(issued);
  await presents("issued");
  // While workers change, an old one may still accept a connection.
  await until("a client that trusts only the issued certificate is served", async () => {
    const response = await sendRequest({ ...site, certificate: issued.certificate }, "/me").catch(() => undefined);
    return response?.status === 200;
  });

  await put(await issue("renewed"));
  await presents("renewed");

  const rest = stream.toArray();
  held[0]?.("last\n");
  expect((await rest).join("")).toBe("last\n");
});

test("nginx ignores a certificate that does not match its key until the right one arrives", async () => {
  await put(await issue("issued"));
  await presents("issued");
  const renewed = await issue("renewed");
  await put({ certificate: renewed.certificate });
  await until("nginx has refused the certificate", () => proxy.child().output().includes("key values mismatch"));
  expect(await presented()).toBe("issued");
  await put(renewed);
  await presents("renewed");
});

/** Ids of nginx's worker processes among the descendants of a process. */
async function workersBelow(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "")).split(" ");
  const found = await Promise.all(children.filter(Boolean).map((child) => workersBelow(Number(child))));
  const title = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return [...(title.startsWith("nginx: worker process") ? [pid] : []), ...found.flat()];
}

test("a reload loses no request", async () => {
  const workers = (): Promise<number[]> => workersBelow(proxy.child().pid);
  const old = await workers();
  expect(old.length).toBeGreaterThan(0);
  proxy.child().signal("SIGHUP");
  const statuses: number[] = [];
  await until("the old worker processes have exited", async () => {
    statuses.push((await proxy.request("/me")).status, (await proxy.request("/")).status);
    const now = await workers();
    return now.length === old.length && !now.some((worker) => old.includes(worker));
  });
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("nginx serves the proof for Let's Encrypt over plain HTTP", async () => {
  const folder = join(proxy.folder, "acme/.well-known/acme-challenge");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "token-1"), "token-1.thumbprint");
  const response = await sendPlainRequest(proxy.ports.http, "/.well-known/acme-challenge/token-1", hostName);
  expect(response).toMatchObject({ status: 200, text: "token-1.thumbprint" });
  expect((await sendPlainRequest(proxy.ports.http, "/.well-known/acme-challenge/other", hostName)).status).toBe(404);
});

test("certbot.sh requests the right certificate and nginx takes it", async () => {
  const bin = join(proxy.folder, "bin");
  await mkdir(bin);
  const issued = await issue("by certbot");
  await writeFile(join(bin, "issued.pem"), issued.certificate);
  await writeFile(join(bin, "issued.key"), issued.key);
  const live = join(proxy.folder, "letsencrypt/live/deepbot");
  const script = `#!/bin/sh\necho "$*" >>"${bin}/asked"\nmkdir -p "${live}"\ncp "${bin}/issued.key" "${live}/privkey.pem"\ncp "${bin}/issued.pem" "${live}/fullchain.pem"\n`;
  await writeFile(join(bin, "certbot"), script, { mode: 0o755 });
  await symlink(live, join(proxy.folder, "issued"));

  const certbot = startChild(fileURLToPath(new URL("../certbot.sh", import.meta.url)), {
    args: [],
    env: {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      SERVER_NAME: hostName,
      LETSENCRYPT_EMAIL: "admin@example.org",
      ACME_FOLDER: join(proxy.folder, "acme"),
      CERTBOT_FOLDER: join(proxy.folder, "letsencrypt"),
      RENEWED_FILE: join(bin, "renewed"),
      RENEW_SECONDS: "1",
    },
  });
  await presents("by certbot");
  const asked = await until("certbot runs again", async () => {
    const lines = (await readFile(join(bin, "asked"), "utf8")).trim().split("\n");
    return lines.length > 1 && lines;
  });
  expect(await certbot.stop()).toBe(0);
  expect(asked[0]).toContain(`--webroot --webroot-path ${join(proxy.folder, "acme")} --domain ${hostName} `);
  expect(asked[0]).toContain("--non-interactive --agree-tos --email admin@example.org");
  expect(asked[0]).toContain("--keep-until-expiring");
  expect(asked[1]).toBe(asked[0]);
});
