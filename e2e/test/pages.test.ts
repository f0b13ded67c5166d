import { accountSuite } from "./suites/account.ts";
import { answersSuite } from "./suites/answers.ts";
import { firstLoadSuite } from "./suites/first-load.ts";
import { hostileAnswersSuite } from "./suites/hostile-answers.ts";
import { interruptionsSuite } from "./suites/interruptions.ts";
import { describePlatform } from "./support/describe-platform.ts";

// One platform for all suites: it takes longer to start than most of them to run.
describePlatform("the pages on the whole platform", (platform) => {
  firstLoadSuite(platform);
  accountSuite(platform);
  answersSuite(platform);
  hostileAnswersSuite(platform);
  // The last one, because it stops nginx and kills a server.
  interruptionsSuite(platform);
});
