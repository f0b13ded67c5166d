/** A list that is read page by page. */
export type Pages<Item> = AsyncIterable<readonly Item[]>;

/** An output whose lists may come in {@link Pages}: its own, and those of the items in them. */
export type Streamed<Output> = Output extends readonly (infer Item)[]
  ? Output | Pages<Streamed<Item>>
  : Output extends object
    ? { [Key in keyof Output]: Streamed<Output[Key]> }
    : Output;

export async function* mapPages<Item, Mapped>(
  pages: Pages<Item>,
  map: (item: Item) => Mapped,
): AsyncGenerator<Mapped[], void, undefined> {
  for await (const page of pages) yield page.map(map);
}

function isPages(value: unknown): value is Pages<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function hasPages(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.values(value).some(isPages);
}

/** Text that has not been given out yet. */
type Rest = string;

/** Encodes a list after `head`. All items of a list have pages, or none. */
async function* encodePages(pages: Pages<unknown>, head: string): AsyncGenerator<string, Rest, undefined> {
  let text = `${head}[`;
  let separator = "";
  for await (const page of pages) {
    if (page.length === 0) continue;
    text += separator;
    separator = ",";
    if (hasPages(page[0])) text = yield* encodeItems(page, text);
    else {
      yield text + JSON.stringify(page).slice(1, -1);
      text = "";
    }
  }
  return `${text}]`;
}

async function* encodeItems(items: readonly unknown[], head: string): AsyncGenerator<string, Rest, undefined> {
  let text = head;
  for (const [index, item] of items.entries()) text = yield* encode(item, index === 0 ? text : `${text},`);
  return text;
}

/** Encodes a value after `head`: whatever is at hand up to a page goes into one piece with it. */
async function* encode(value: unknown, head: string): AsyncGenerator<string, Rest, undefined> {
  if (isPages(value)) return yield* encodePages(value, head);
  if (!hasPages(value)) return head + JSON.stringify(value);
  let text = head;
  let separator = "{";
  for (const [key, member] of Object.entries(value)) {
    text = yield* encode(member, `${text}${separator}${JSON.stringify(key)}:`);
    separator = ",";
  }
  return `${text}}`;
}

async function* piecesOf(output: unknown): AsyncGenerator<string, void, undefined> {
  yield yield* encode(output, "");
}

/** An output as JSON, in pieces that are made while the client reads: no more than a page of it is in memory. */
export class JsonStream<Output = unknown> {
  /** Exactly what `JSON.stringify` would make of the whole. Can be read once. */
  readonly pieces: AsyncIterable<string>;
  /** The holder of the stream calls it at the end, read or unread. Calling it again does nothing. */
  readonly close: () => void;

  /** @param close releases what the stream holds */
  constructor(output: Streamed<Output>, close: () => void) {
    this.pieces = piecesOf(output);
    this.close = close;
  }
}
