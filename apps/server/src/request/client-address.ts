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

/** The network of a peer that has sent no request yet; undefined once its socket has closed. */
export function networkOf(remoteAddress: string | undefined): string | undefined {
  const address = parseAddress(remoteAddress ?? "");
  return address === undefined ? undefined : clientOf(address).network;
}

/** The peer of a socket that has closed, or that has no address. */
const unknown: Client = { address: "unknown", network: "unknown" };

/** Finds the client of a request. */
export type FindClient = (req: IncomingMessage) => Client;

/** How many parsed addresses are remembered. Parsing one costs more than counting its request. */
const rememberedAddresses = 10_000;

/** Longest text of an address. */
const addressMaxLength = 64;

interface KnownAddress {
  client: Client;
  isTrusted: boolean;
}

/** @returns a function that parses an address; undefined for other text */
function createAddressReader(trusted: readonly AddressRange[]): (text: string) => KnownAddress | undefined {
  const isTrusted = (address: Address): boolean =>
    trusted.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
  let known = new Map<string, KnownAddress>();

  return (text) => {
    const remembered = known.get(text);
    if (remembered !== undefined) return remembered;
    const address = text.length > addressMaxLength ? undefined : parseAddress(text);
    if (address === undefined) return undefined;
    const fresh = { client: clientOf(address), isTrusted: isTrusted(address) };
    if (known.size >= rememberedAddresses) known = new Map();
    known.set(text, fresh);
    return fresh;
  };
}

/**
 * @param trusted the proxies whose `X-Forwarded-For` is believed. Their own addresses are skipped from the end of the list;
 *   the first one that is not theirs is the client. Text of anybody else is ignored.
 * @param onIgnored told of the first peer whose text was ignored: perhaps a proxy that is missing in the settings
 */
export function createFindClient(trusted: readonly AddressRange[], onIgnored?: (peer: string) => void): FindClient {
  const read = createAddressReader(trusted);
  let report = onIgnored;

  const findForwarded = (hops: readonly string[]): Client | undefined => {
    let nearest: KnownAddress | undefined;
    for (const hop of hops.toReversed()) {
      const address = read(hop.trim());
      if (address === undefined) break;
      nearest = address;
      if (!address.isTrusted) break;
    }
    return nearest?.client;
  };

  return ({ socket, headers }) => {
    const peer = read(socket.remoteAddress ?? "");
    if (peer === undefined) return unknown;
    const forwarded = headers["x-forwarded-for"];
    if (typeof forwarded !== "string") return peer.client;
    if (!peer.isTrusted) {
      report?.(peer.client.address);
      report = undefined;
      return peer.client;
    }
    return findForwarded(forwarded.split(",")) ?? peer.client;
  };
}
