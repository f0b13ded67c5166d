import { expect, test } from "vitest";
import { readOptions } from "../src/cli/options.ts";

const environment = { DEEPBOT_URL: "http://127.0.0.1:8000", DEEPBOT_KEY: "the key" };

test("takes the url and the key from the environment", () => {
  expect(readOptions(["worker", "--exec", "./answer.sh"], environment)).toEqual({
    exec: "./answer.sh",
    url: "http://127.0.0.1:8000",
    key: "the key",
  });
});

test("prefers the command line, and takes several assistants", () => {
  const args = "worker --exec true --url http://b.test --key k --concurrency 9 --assistant poet --assistant critic";
  expect(readOptions(args.split(" "), environment)).toEqual({
    exec: "true",
    url: "http://b.test",
    key: "k",
    concurrency: 9,
    assistants: ["poet", "critic"],
  });
});

test.each([
  ["worker", "--exec must name a command that answers."],
  ["answer --exec true", "The command must be `worker`."],
  ["worker --exec true --url=", "--url or DEEPBOT_URL must be the origin of the platform."],
  ["worker --exec true --key=", "--key or DEEPBOT_KEY must be a service key of the platform."],
  ["worker --exec true --concurrency 51", "--concurrency must be a whole number from 1 to 50."],
  ["worker --exec true --speed 9", "Unknown option '--speed'"],
])("refuses %j with a sentence", (args, sentence) => {
  expect(() => readOptions(args.split(" "), environment)).toThrow(sentence);
});
