import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { expect, it, onTestFinished } from "vitest";
import { page } from "vitest/browser";
import { PlainTextFallback } from "../../src/features/chat/answer/PlainTextFallback.tsx";

function Broken(): ReactNode {
  throw new Error("This cannot be rendered.");
}

it("an answer that cannot be rendered is shown as plain text", async () => {
  const element = document.createElement("div");
  document.body.append(element);
  const root = createRoot(element, { onCaughtError: () => {} });
  onTestFinished(() => {
    root.unmount();
    element.remove();
  });
  root.render(
    <PlainTextFallback plain={<p>As it came.</p>}>
      <Broken />
    </PlainTextFallback>,
  );
  await expect.element(page.getByText("As it came.")).toBeVisible();
});
