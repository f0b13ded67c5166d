import type { Language } from "./language.ts";

/** The facts of a dialog that rules use. */
export interface Knowledge {
  /** The user's messages, oldest first; the last is the question. */
  texts: readonly string[];
  /** The name that the user gave last. */
  name: string | undefined;
}

type Reply = Readonly<Record<Language, string>>;

interface Rule {
  when: RegExp;
  reply: (knowledge: Knowledge, found: RegExpExecArray) => Reply;
}

const givenName = /(?:my name is|call me|(?<!как )меня зовут)\s+(\p{L}[\p{L}\p{M}'’-]*)/iu;

/** The last name that the user gave. */
export function findName(texts: readonly string[]): string | undefined {
  return texts.map((text) => givenName.exec(text)?.[1]).findLast((name) => name !== undefined);
}

const quotedMax = 200;

function quote(text: string): string {
  const points = Array.from(text);
  return points.length > quotedMax ? `${points.slice(0, quotedMax).join("")}…` : text;
}

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "×": (a, b) => a * b,
  "/": (a, b) => a / b,
};

function calculate(_: Knowledge, [, left = "", sign = "", right = ""]: RegExpExecArray): Reply {
  const [a, b] = [left, right].map((digits) => Number(digits.replace(",", ".")));
  const result = operations[sign]?.(a ?? Number.NaN, b ?? Number.NaN) ?? Number.NaN;
  if (!Number.isFinite(result)) return { en: "That has no result.", ru: "У этого нет результата." };
  const text = `${left} ${sign} ${right} = ${Number(result.toPrecision(12))}`;
  return { en: text, ru: text };
}

/** One operation on two numbers. Does not match dates, versions or longer sums. */
const sum =
  /(?<![\d.,/*×+-]\s*)(-?\d{1,15}(?:\.\d+|,\d{1,2})?)\s*([-+*×/])\s*(-?\d{1,15}(?:\.\d+|,\d{1,2})?)(?!\s*[-+*×/.,]?\s*\d)/u;

const countMax = 200;

function countTo(_: Knowledge, [, digits = ""]: RegExpExecArray): Reply {
  const end = Math.min(Number(digits), countMax);
  const text = Array.from({ length: end }, (_item, index) => index + 1).join(", ");
  return { en: `${text}.`, ru: `${text}.` };
}

const sample = [
  "```ts",
  "export function greet(name: string): string {",
  "  return `Hello, ${name}!`;",
  "}",
  "```",
].join("\n");

/** Everything that a page must render well: a list, a table, code. */
const formatted: Reply = {
  en: `A list:

- **bold**, *slanted*, \`code\`
- a [link](https://example.org)

| form | shown as |
|---|---|
| table | cells |

And some TypeScript:

${sample}`,
  ru: `Список:

- **жирный**, *курсив*, \`код\`
- [ссылка](https://example.org)

| вид | показан как |
|---|---|
| таблица | ячейки |

И немного TypeScript:

${sample}`,
};

/** The first match wins; the last rule matches everything. The look-arounds stand for `\b`, which ignores Cyrillic. */
export const rules: readonly Rule[] = [
  { when: sum, reply: calculate },
  { when: /(?:count to|(?:по)?счита(?:й|ть) до) (\d{1,6})/iu, reply: countTo },
  { when: /(?<!\p{L})(?:code|markdown|formatting|код|разметк[ауи])(?!\p{L})/iu, reply: () => formatted },
  {
    when: /what did i (?:say|ask|write) first|my first (?:question|message)|что я (?:сказал|спросил|написал)а? (?:сначала|вначале|первым)|мо[йеё] перв(?:ый вопрос|ое сообщение)/iu,
    reply: ({ texts }) => {
      const first = quote(texts[0] ?? "");
      return { en: `The first thing you said in this dialog: “${first}”`, ru: `Сначала вы сказали: «${first}»` };
    },
  },
  {
    when: /how many (?:questions|messages)|сколько (?:вопросов|сообщений)/iu,
    reply: ({ texts }) => ({
      en: `Your messages in this dialog, counting this one: ${texts.length}.`,
      ru: `Ваших сообщений в этом диалоге, считая это: ${texts.length}.`,
    }),
  },
  {
    when: /what(?:'s|’s| is) my name|do you (?:know|remember) my name|как меня зовут|помнишь,? как меня/iu,
    reply: ({ name }) =>
      name === undefined
        ? { en: "You have not told me your name yet.", ru: "Вы ещё не называли своего имени." }
        : { en: `Your name is ${name}.`, ru: `Вас зовут ${name}.` },
  },
  {
    when: givenName,
    reply: ({ name }) => ({
      en: `Nice to meet you, ${name}. I will remember it.`,
      ru: `Приятно познакомиться, ${name}. Я запомню.`,
    }),
  },
  {
    when: /^\s*(?:repeat|say|повтори)[:,]?\s+(\S.*)/isu,
    reply: (_, [, text = ""]) => ({ en: text, ru: text }),
  },
  {
    when: /who are you|are you (?:an? )?(?:bot|ai|human|robot)|кто ты|кто вы|ты (?:бот|человек|робот)/iu,
    reply: () => ({
      en: "I am not a mind but a short table of rules that stands in for a language model.",
      ru: "Я не разум, а короткая таблица правил на месте языковой модели.",
    }),
  },
  {
    when: /(?<!\p{L})(?:hi|hello|hey|good (?:morning|day|evening)|привет|здравствуй(?:те)?|добр(?:ый день|ое утро|ый вечер))(?!\p{L})/iu,
    reply: ({ name }) => ({
      en: `Hello${name === undefined ? "" : `, ${name}`}! Ask me for a sum, for some code or to count to 100, tell me your name, or ask what you said first.`,
      ru: `Здравствуйте${name === undefined ? "" : `, ${name}`}! Дайте мне пример, попросите показать код или посчитать до 100, назовите своё имя или спросите, что вы сказали сначала.`,
    }),
  },
  {
    when: /(?<!\p{L})(?:thanks|thank you|спасибо|благодарю)(?!\p{L})/iu,
    reply: () => ({ en: "You are welcome.", ru: "Пожалуйста." }),
  },
  {
    when: /^/u,
    reply: ({ texts }) => {
      const text = quote(texts.at(-1) ?? "");
      return {
        en: `You wrote: “${text}” (message ${texts.length} of yours). I have no rule for it.`,
        ru: `Вы написали: «${text}» (ваше сообщение номер ${texts.length}). Правила для этого у меня нет.`,
      };
    },
  },
];
