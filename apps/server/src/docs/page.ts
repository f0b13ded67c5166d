const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
code { font-size: 0.9em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8888; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
`;

/** A page of the documentation. Needs no script and no other file. */
export function pageOf(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} – Deepbot API</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
  </head>
  <body>
    <nav><a href="/docs">Operations</a> · <a href="/docs/worker">Worker guide</a> · <a href="/docs/problems">Errors</a></nav>
    <main>
${content}
    </main>
  </body>
</html>
`;
}
