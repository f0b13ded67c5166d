/** Messages of the example dialog; the first is the person's. */
export const history = [
  "We have a weekend in Kazan. What should we see?",
  `Two days are enough for the essentials:

1. **The Kremlin** with the Kul Sharif mosque, best in the morning
2. **Bauman Street** for a walk and *chak-chak*
3. The **Old Tatar Settlement** on the lake Kaban

| day | morning | evening |
|---|---|---|
| Saturday | Kremlin | Bauman Street |
| Sunday | Settlement | Family Centre |`,
  "And how do I sort our list of places by distance in TypeScript?",
  `Sort a copy, so that the original list stays as it is:

\`\`\`ts
interface Place {
  name: string;
  metres: number;
}

export function byDistance(places: readonly Place[]): Place[] {
  return places.toSorted((a, b) => a.metres - b.metres);
}
\`\`\`

\`toSorted\` needs Node 20 or a browser of 2023.`,
];

export const streamingAnswer = `A **leek and potato soup** takes half an hour:

1. Cut two leeks into rings and wash them.
2. Sweat the leeks in butter for five minutes, without`;
