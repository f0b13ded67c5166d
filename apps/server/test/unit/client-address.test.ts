import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { createFindClient, parseAddressRange, type Client } from "../../src/request/client-address.ts";

function clientOf(peer: string | undefined, forwarded?: string, trusted = "10.0.0.0/8, fd00::/8"): Client {
  const ranges = trusted
    .split(", ")
    .map(parseAddressRange)
    .filter((range) => range !== undefined);
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return createFindClient(ranges)({ socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage);
}

describe("the address of a client", () => {
  test.each([
    ["is that of the peer", "203.0.113.9", undefined, "203.0.113.9"],
    ["is not what a stranger says", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["is what a trusted proxy says", "10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["is that of a proxy which says nothing", "10.0.0.1", undefined, "10.0.0.1"],
    ["is the last hop that is no trusted proxy", "10.0.0.1", "192.0.2.1, 198.51.100.1, 10.0.0.7", "198.51.100.1"],
    ["is the first hop if all are trusted proxies", "10.0.0.1", "10.0.0.9, 10.0.0.7", "10.0.0.9"],
    ["ends at text that is no address", "10.0.0.1", "198.51.100.1, junk, 10.0.0.7", "10.0.0.7"],
    ["is that of the proxy if it sends junk", "10.0.0.1", "junk", "10.0.0.1"],
    ["is IPv4 on a socket for both", "::ffff:203.0.113.9", undefined, "203.0.113.9"],
    ["is found behind a proxy on a socket for both", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"],
    ["is found behind a proxy with IPv6", "fd00::1", "198.51.100.1", "198.51.100.1"],
    ["has one spelling", "2001:0DB8:0:0::1", undefined, "2001:db8::1"],
    ["is unknown once the socket is closed", undefined, undefined, "unknown"],
  ])("%s", (...[, peer, forwarded, address]) => {
    expect(clientOf(peer, forwarded).address).toBe(address);
  });

  test.each([
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff::", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80::/64"],
  ])("%s is counted as %s", (address, network) => {
    expect(clientOf(address).network).toBe(network);
  });
});

test.each(["10.0.0.0/33", "10.0.0", "proxy", "10.0.0.0/x", "::/129"])("%s is no range", (text) => {
  expect(parseAddressRange(text)).toBeUndefined();
});
