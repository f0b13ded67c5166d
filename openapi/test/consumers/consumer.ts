/** Where a generated client calls, and as whom. */
interface Access {
  url: string;
  cookie: string;
  key: string;
}

/** What a program on a generated client found out, with the types that the generator gave it. */
export interface Outcome {
  /** Types of the events of the run, in their order. */
  events: string[];
  streamed: string;
  /** Text of the answer in the last event. */
  answer: string | undefined;
  /** Id of the open run, as the refusal of a second question names it. */
  openRunId: number | undefined;
  runId: number;
  /** How the stored run ended. */
  state: string | undefined;
}

/** Asks a question, answers it as a worker, and watches. */
type Consumer = (access: Access) => Promise<Outcome>;

/** Runs a program as the arguments of its process say: address, cookie, key. */
export async function printOutcome(consume: Consumer): Promise<void> {
  const [url = "", cookie = "", key = ""] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await consume({ url, cookie, key })));
}

/** Reads Server-Sent Events. For generators that know the type of the events but not how to read a stream. */
export async function* readEvents<Event>(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) yield JSON.parse(data.slice("data: ".length)) as Event;
    }
  }
}
