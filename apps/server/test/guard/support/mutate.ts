import { latin1 } from "./raw-http.ts";

/** Numbers in [0, 1) that depend on the seed alone. */
export type Random = () => number;

/** @see https://github.com/cprosche/mulberry32 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("There is nothing to pick from.");
  return item;
}

const between = (random: Random, low: number, high: number): number => low + Math.floor(random() * (high - low));

const morsels = [
  "\r\n",
  "\n",
  "\r",
  "\u0000",
  " ",
  "\t",
  ":",
  "//",
  "/../",
  "%2e%2e/",
  "%00",
  "%zz",
  "%",
  "\\",
  "?",
  "#",
  "&",
  "=",
  ",",
  ";",
  "{",
  "}",
  "[",
  "]",
  '"',
  "\u00ff\u00fe",
  "\u00e2\u0082",
  "0",
  "-1",
  "1e309",
  "9".repeat(30),
  "__proto__",
  "constructor",
  "null",
  "true",
  "Host: x\r\n",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: websocket\r\n",
  "Cookie: access_token=a.b.c\r\n",
  "a".repeat(300),
  "[".repeat(200),
  "?batch=1",
  "?input=%7B%7D",
].map(latin1);

type Mutation = (random: Random, bytes: Buffer) => Buffer;

const splice = (bytes: Buffer, [at, end]: [number, number], insert: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(end)]);

const flipBit: Mutation = (random, bytes) => {
  const copy = Buffer.from(bytes);
  const at = between(random, 0, copy.length);
  copy.writeUInt8((copy[at] ?? 0) ^ (1 << between(random, 0, 8)), at);
  return copy;
};

const insertMorsel: Mutation = (random, bytes) => {
  const at = between(random, 0, bytes.length);
  return splice(bytes, [at, at], pick(random, morsels));
};

const replaceRange: Mutation = (random, bytes) => {
  const at = between(random, 0, bytes.length);
  return splice(bytes, [at, Math.min(bytes.length, at + between(random, 1, 12))], pick(random, morsels));
};

const dropRange: Mutation = (random, bytes) => {
  const at = between(random, 0, bytes.length);
  return splice(bytes, [at, Math.min(bytes.length, at + between(random, 1, 40))], Buffer.alloc(0));
};

const repeatRange: Mutation = (random, bytes) => {
  const at = between(random, 0, bytes.length);
  return splice(bytes, [at, at], bytes.subarray(at, at + between(random, 1, 60)));
};

const cut: Mutation = (random, bytes) => bytes.subarray(0, between(random, 1, bytes.length));

/** Into the target: what changes elsewhere mostly dies in Node's parser. */
const intoTarget: Mutation = (random, bytes) => {
  const start = bytes.indexOf(0x20) + 1;
  const end = Math.max(start + 1, bytes.indexOf(0x20, start));
  const at = between(random, start, end);
  return splice(bytes, [at, at], pick(random, morsels));
};

/** Into the body, with the length as it was or as it has become. */
const intoBody: Mutation = (random, bytes) => {
  const head = bytes.indexOf("\r\n\r\n");
  if (head === -1 || head + 4 >= bytes.length) return intoTarget(random, bytes);
  const at = between(random, head + 4, bytes.length);
  const body = splice(bytes, [at, at], pick(random, morsels)).subarray(head + 4);
  const lines = bytes.subarray(0, head).toString("latin1");
  const length = random() < 0.8 ? `Content-Length: ${body.length}` : "$&";
  return Buffer.concat([latin1(`${lines.replace(/content-length: \d+/i, length)}\r\n\r\n`), body]);
};

const mutations: readonly Mutation[] = [
  intoTarget,
  intoTarget,
  intoTarget,
  intoBody,
  intoBody,
  intoBody,
  flipBit,
  insertMorsel,
  replaceRange,
  dropRange,
  repeatRange,
  cut,
];

/** One to three changes of a request. */
export function mutate(random: Random, request: Buffer): Buffer {
  let bytes = request;
  const changes = random() < 0.6 ? 1 : between(random, 2, 4);
  for (let left = changes; left > 0 && bytes.length > 1; left -= 1) bytes = pick(random, mutations)(random, bytes);
  return bytes;
}
