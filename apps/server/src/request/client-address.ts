import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses: its first address and the length of its prefix. */
export type AddressRange = readonly [Address, number];

/** Where a request came from. */
export interface Client {
  /** The client's IP address, as far as it can be known. */
  address: string;
  /** By which rate limits know it: an IPv4 address itself, of an IPv6 address its /64, which one customer holds. */
  network: string;
}

/**
 * Parses an address or a range such as `10.0.0.0/8`.
 *
 * @returns undefined for other text
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [start = "", bits] = text.split("/", 2);
  const address = parseAddress(start);
  if (address === undefined) return undefined;
  if (bits === undefined) return [address, address.kind() === "ipv4" ? 32 : 128];
  return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
}

/** Takes IPv4 with four numbers only. An IPv4 address that is written as an IPv6 address counts as IPv4. */
function parseAddress(text: string): Address | undefined {
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
  return isAddress ? ipaddr.process(text) : undefined;
}

const networkBits = 64;

function clientOf(address: Address): Client {
  const text = address.toString();
  if (address.kind() === "ipv4") return { address: text, network: text };
  const groups = address.toByteArray().map((byte, at) => (at < networkBits / 8 ? byte : 0));
  return { address: text, network: `${ipaddr.fromByteArray(groups).toString()}/${networkBits}` };
}

/** The peer of a socket that has closed, or that has no address. */
const unknown: Client = { address: "unknown", network: "unknown" };

/** Finds the client of a request. */
export type FindClient = (req: IncomingMessage) => Client;

/** Peers are few: proxies, workers, or nobody but the loopback address. */
const rememberedPeers = 1_000;

/**
 * @param trusted the proxies whose `X-Forwarded-For` is believed. Their own addresses are skipped from the end of the list;
 *   the first one that is not theirs is the client. Text of anybody else is ignored.
 */
export function createFindClient(trusted: readonly AddressRange[]): FindClient {
  const isTrusted = (address: Address): boolean =>
    trusted.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));

  const peers = new Map<string, { client: Client; isTrusted: boolean }>();
  const peerOf = (text: string): { client: Client; isTrusted: boolean } => {
    const known = peers.get(text);
    if (known !== undefined) return known;
    const address = parseAddress(text);
    const peer =
      address === undefined
        ? { client: unknown, isTrusted: false }
        : { client: clientOf(address), isTrusted: isTrusted(address) };
    if (peers.size >= rememberedPeers) peers.clear();
    peers.set(text, peer);
    return peer;
  };

  const findForwarded = (hops: readonly string[]): Client | undefined => {
    let nearest: Address | undefined;
    for (const hop of hops.toReversed()) {
      const address = parseAddress(hop.trim());
      if (address === undefined) break;
      nearest = address;
      if (!isTrusted(address)) break;
    }
    return nearest && clientOf(nearest);
  };

  return ({ socket, headers }) => {
    const peer = peerOf(socket.remoteAddress ?? "");
    const forwarded = headers["x-forwarded-for"];
    if (!peer.isTrusted || typeof forwarded !== "string") return peer.client;
    return findForwarded(forwarded.split(",")) ?? peer.client;
  };
}
