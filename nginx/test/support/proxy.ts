import { hostName, startProxyProcess, type ProxyOptions, type ProxyProcess } from "@deepbot/testing";
import { writePages } from "./pages.ts";
import { sendRequest, type Answer, type RequestOptions } from "./requests.ts";

/** nginx over pages that stand in for the web client. */
export interface Proxy extends ProxyProcess {
  /** Over HTTPS to the name that is served, by a certificate that is checked. */
  request: (path: string, options?: RequestOptions) => Promise<Answer>;
}

export async function startProxy(options: Omit<ProxyOptions, "writePages">): Promise<Proxy> {
  const proxy = await startProxyProcess({ ...options, writePages });
  const site = { port: proxy.ports.https, certificate: proxy.certificate, host: hostName };
  return { ...proxy, request: (target, request) => sendRequest(site, target, request) };
}
