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

async function* encodePages(pages: Pages<unknown>): AsyncGenerator<string, void, undefined> {
  let separator = "[";
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield separator;
    separator = ",";
    if (page.some(hasPages)) yield* encodeItems(page);
    else yield JSON.stringify(page).slice(1, -1);
  }
  yield separator === "[" ? "[]" : "]";
}

async function* encodeItems(items: readonly unknown[]): AsyncGenerator<string, void, undefined> {
  for (const [index, item] of items.entries()) {
    if (index > 0) yield ",";
    yield* encode(item);
  }
}

async function* encode(value: unknown): AsyncGenerator<string, void, undefined> {
  if (isPages(value)) yield* encodePages(value);
  else if (!hasPages(value)) yield JSON.stringify(value);
  else {
    let separator = "{";
    for (const [key, member] of Object.entries(value)) {
      yield `${separator}${JSON.stringify(key)}:`;
      separator = ",";
      yield* encode(member);
    }
    yield "}";
  }
}

/** An output as JSON, in pieces that are made while the client reads: no more than a page of it is in memory. */
export class JsonStream<Output = unknown> {
  /** Exactly what `JSON.stringify` would make of the whole. Can be read once. */
  readonly pieces: AsyncIterable<string>;
  /** Whoever has the stream calls it at the end, read or unread. Calling it again does nothing. */
  readonly close: () => void;

  /** @param close releases what the stream holds */
  constructor(output: Streamed<Output>, close: () => void) {
    this.pieces = encode(output);
    this.close = close;
  }
}
