export { asNobody } from "./as-nobody.ts";
export { startBridgeProcess } from "./bridge-process.ts";
export { respondJson, startCertificateServer, type CertificateServer } from "./certificate-server.ts";
export { startChild, type Child } from "./child.ts";
export { freePort } from "./free-port.ts";
export { issueCertificate, type KeyPair } from "./issue-certificate.ts";
export {
  proxyEnvironment,
  hostName,
  startProxyProcess,
  type ProxyOptions,
  type ProxyProcess,
} from "./proxy-process.ts";
export { signInPerson, type Person } from "./person.ts";
export { createPostgresServer, type PostgresServer } from "./postgres-server.ts";
export { highRateLimits, startServerProcess, testKeys, type ServerProcess } from "./server-process.ts";
export { until } from "./until.ts";
