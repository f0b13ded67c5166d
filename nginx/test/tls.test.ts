import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, getCiphers, type ConnectionOptions, type SecureVersion } from "node:tls";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startStandIn, type StandIn } from "./support/backend.ts";
import { hostName } from "@deepbot/testing";
import { startProxy, type Proxy } from "./support/proxy.ts";
import { sendPlainRequest } from "./support/requests.ts";

let backend: StandIn;
let proxy: Proxy;

beforeAll(async () => {
  backend = await startStandIn();
  proxy = await startProxy({ backends: [backend.address] });
});

afterAll(async () => {
  await proxy.stop();
  await backend.close();
});

interface Handshake {
  protocol: string | null;
  cipher: string;
}

/** The negotiated protocol and suite, or null when there is none. The client accepts everything, however weak. */
async function shakeHands(options: ConnectionOptions): Promise<Handshake | null> {
  const socket = connect({
    host: "127.0.0.1",
    port: proxy.ports.https,
    servername: hostName,
    ca: proxy.certificate,
    ciphers: "ALL:@SECLEVEL=0",
    ...options,
  });
  try {
    await once(socket, "secureConnect");
    return { protocol: socket.getProtocol(), cipher: socket.getCipher().standardName };
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

const only = (version: SecureVersion): ConnectionOptions => ({ minVersion: version, maxVersion: version });

describe("protocols", () => {
  test.each(["TLSv1", "TLSv1.1"] as const)("%s is refused", async (version) => {
    expect(await shakeHands(only(version))).toBeNull();
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("%s is accepted", async (version) => {
    expect(await shakeHands(only(version))).toMatchObject({ protocol: version });
  });
});

test("TLS 1.2 offers only forward secret, authenticated suites", async () => {
  const suites = getCiphers().filter((name) => !name.startsWith("tls_"));
  expect(suites.length).toBeGreaterThan(20);
  const taken = new Set<string>();
  for (const suite of suites) {
    const ciphers = `${suite.toUpperCase()}:@SECLEVEL=0`;
    const handshake = await shakeHands({ ...only("TLSv1.2"), ciphers }).catch(() => null);
    if (handshake !== null) taken.add(handshake.cipher);
  }
  expect([...taken].toSorted()).toEqual([
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  ]);
});

test("the client's preference among the suites decides", async () => {
  const prefers = async (ciphers: string): Promise<string | undefined> =>
    (await shakeHands({ ...only("TLSv1.2"), ciphers }))?.cipher;
  const aes = "ECDHE-ECDSA-AES128-GCM-SHA256";
  const chacha = "ECDHE-ECDSA-CHACHA20-POLY1305";
  expect(await prefers(`${chacha}:${aes}`)).toBe("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
  expect(await prefers(`${aes}:${chacha}`)).toBe("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
});

test.each([
  { curve: "X25519", taken: true },
  { curve: "prime256v1", taken: true },
  { curve: "secp384r1", taken: true },
  { curve: "secp521r1", taken: false },
  { curve: "X448", taken: false },
])("curve $curve is accepted: $taken", async ({ curve, taken }) => {
  expect((await shakeHands({ ...only("TLSv1.3"), ecdhCurve: curve })) !== null).toBe(taken);
});

test("nginx issues no session tickets", async () => {
  const tickets: Buffer[] = [];
  const socket = connect({
    port: proxy.ports.https,
    host: "127.0.0.1",
    servername: hostName,
    ca: proxy.certificate,
    ...only("TLSv1.2"),
  });
  socket.on("session", (session) => tickets.push(session));
  await once(socket, "secureConnect");
  expect(socket.getTLSTicket()).toBeUndefined();
  socket.destroy();
});

test("pages and the API are served over HTTP/2", async () => {
  const session = connectHttp2(`https://${hostName}`, {
    createConnection: () =>
      connect({
        port: proxy.ports.https,
        host: "127.0.0.1",
        servername: hostName,
        ca: proxy.certificate,
        ALPNProtocols: ["h2"],
      }),
  });
  const get = async (path: string): Promise<string> => {
    const stream = session.request({ ":path": path, ":authority": hostName });
    return text(stream);
  };
  expect(await get("/")).toContain("<title>Deepbot</title>");
  expect(JSON.parse(await get("/me"))).toEqual({ method: "GET", target: "/me" });
  expect(backend.received.at(-1)?.headers.host).toBe(hostName);
  session.close();
});

test("plain HTTP redirects to HTTPS at the configured host name", async () => {
  const redirect = await sendPlainRequest(proxy.ports.http, "/chat/12?x=1", hostName);
  expect(redirect.status).toBe(301);
  expect(redirect.headers.location).toBe(`https://${hostName}/chat/12?x=1`);
  expect(redirect.headers["strict-transport-security"]).toBeUndefined();
  expect((await sendPlainRequest(proxy.ports.http, "/chat/12", "evil.example")).status).toBe(421);
});
