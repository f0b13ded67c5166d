import { afterEach, beforeEach, vi } from "vitest";
import "../../../src/app/styles.css";
import { closeApp } from "./open-app.tsx";

beforeEach(() => localStorage.clear());

afterEach(() => {
  closeApp();
  vi.unstubAllGlobals();
});
