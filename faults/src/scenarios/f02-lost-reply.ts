import { sql } from "@deepbot/db/testing";
import { until } from "@deepbot/testing";
import { callOnce } from "../support/http.ts";
import { enter, newQuestion, sendCall, type Question } from "../people/people.ts";
import { newcomer, type Scenario, type Scene } from "../scene.ts";
import { startTcpProxy, type TcpProxy } from "../cluster/tcp-proxy.ts";
import type { RunBody } from "../watching/watcher.ts";

async function countStored({ cluster }: Scene, { dialogId, clientMessageId }: Question): Promise<number> {
  const rows = await cluster.inspector.rows(
    sql`select 1 from messages where dialog_id = ${dialogId} and client_message_id = ${clientMessageId}`,
  );
  return rows.length;
}

/** Sends the same question to another replica, which must return the same run. */
async function sendAgain(scene: Scene, question: Question): Promise<void> {
  const [, b, c] = scene.cluster.replicas;
  const reply = await callOnce<RunBody>(scene.random.pick([b, c]).url, sendCall(question));
  if (reply.status === 202) enter(scene.ledger, question, reply.body);
  else scene.fault(`F2 the retry got ${reply.status} ${JSON.stringify(reply.body)}`);
  const stored = await countStored(scene, question);
  if (stored !== 1) scene.fault(`F2 the message is stored ${stored} times`);
}

/** Holds the reply on its way to the client, then cuts the connection, in some rounds after killing the replica. */
async function loseReplyToClient(scene: Scene, proxy: TcpProxy, kills: boolean): Promise<void> {
  const [a] = scene.cluster.replicas;
  const { member, dialogId } = await newcomer(scene);
  const question = newQuestion(scene, member, dialogId);
  proxy.set({ hold: "down" });
  const sending = callOnce(`http://127.0.0.1:${proxy.port}`, sendCall(question));
  await until("the reply is on its way", proxy.isHolding);
  if ((await countStored(scene, question)) !== 1) scene.fault("F2 the question was not committed before its reply");
  if (kills) await a.kill();
  proxy.cut();
  proxy.set({});
  const lost = await sending;
  if (lost.status !== 0) scene.fault(`F2 the lost reply arrived: ${lost.status}`);
  await sendAgain(scene, question);
  await a.start();
}

/** Cuts the database's reply to the statement, so that the replica cannot know whether it was committed. */
async function loseReplyOfDatabase(scene: Scene): Promise<void> {
  const [a] = scene.cluster.replicas;
  const { member, dialogId } = await newcomer(scene);
  const question = newQuestion(scene, member, dialogId);
  a.network.set({ cutReplies: true });
  const reply = await callOnce(a.url, { ...sendCall(question), timeoutMs: 20_000 });
  a.network.set({});
  if (reply.status !== 503) scene.fault(`F2 with the database's reply cut, ${reply.status} instead of 503`);
  await sendAgain(scene, question);
  await until(
    "replica a has a database",
    async () => (await callOnce(a.url, { method: "GET", path: "/readyz" })).status === 200,
  );
}

export const lostReply: Scenario = {
  id: "F2",
  name: "reply lost after the commit",
  run: async (scene) => {
    const proxy = await startTcpProxy(scene.cluster.replicas[0].port);
    try {
      for (let round = scene.rounds({ full: 20, ci: 4 }); round > 0; round -= 1) {
        await loseReplyToClient(scene, proxy, round % 2 === 0);
        await loseReplyOfDatabase(scene);
      }
    } finally {
      await proxy.close();
    }
  },
};
