import { BlockList, isIP } from "node:net";

/** IPv4 networks that are not on the public Internet. @see https://www.iana.org/assignments/iana-ipv4-special-registry */
const specialIpv4: readonly [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** The same of IPv6's global unicast, with those that lead to IPv4. @see https://www.iana.org/assignments/iana-ipv6-special-registry */
const specialIpv6: readonly [string, number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

function listOf(networks: readonly [string, number][], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}

const special = { ipv4: listOf(specialIpv4, "ipv4"), ipv6: listOf(specialIpv6, "ipv6") };
const globalUnicast = listOf([["2000::", 3]], "ipv6");

/** Whether an IP address is on the public Internet: not private, of this machine, of its network or a cloud's metadata. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.ipv4.check(address, "ipv4");
    case 6:
      return globalUnicast.check(address, "ipv6") && !special.ipv6.check(address, "ipv6");
    default:
      return false;
  }
}
