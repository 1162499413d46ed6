// The whole path with what @hey-api/openapi-ts makes.
import assert from "node:assert/strict";
import { client } from "../made/hey/client.gen";
import {
  connectCorpusToAgent, createAgent, createCorpus, createDocumentInCorpus, createProject, createTeam, getAgentById, getAllDocumentsFromCorpus,
  getDocumentById, getDocumentContent, runChat, runChatStreamed, signIn,
} from "../made/hey/sdk.gen";
import { base, email, file, knows, password, pause, question } from "./world";

client.setConfig({ baseUrl: base });
const tokens = await signIn({ body: { username: email, password }, throwOnError: true });
client.setConfig({ baseUrl: base, auth: (scheme) => (scheme.type === "http" ? tokens.data.ejento_access_token : undefined) });

const team = await createTeam({ body: { name: "Hey" }, throwOnError: true });
const project = await createProject({ body: { name: "Hey", team: team.data.data.id }, throwOnError: true });
const agent = await createAgent({ body: { name: "Hey", project_id: project.data.data.id }, throwOnError: true });
const agent_id = agent.data.data.id;
const corpus = await createCorpus({ body: { name: "Hey" }, headers: { "Idempotency-Key": "hey-corpus" }, throwOnError: true });
const corpus_id = corpus.data.data.id;
await connectCorpusToAgent({ path: { agent_id, corpus_id }, body: {}, throwOnError: true });

const document = await createDocumentInCorpus({ path: { corpus_id }, body: { content_type: "file", source: file }, throwOnError: true });
const document_id = document.data.data.id;
for (let step: string = document.data.data.step; step !== "completed"; await pause()) {
  const now = await getDocumentById({ path: { document_id }, throwOnError: true });
  assert.ok(!now.data.data.is_failed, JSON.stringify(now.data));
  step = now.data.data.step;
}
const content = await getDocumentContent({ path: { document_id }, parseAs: "blob", throwOnError: true });
assert.equal(content.data.size, file.size);

const answer = await runChat({ path: { agent_id }, body: { user_query: question }, throwOnError: true });
knows(answer.data.data.answer);

const { stream } = await runChatStreamed({ path: { agent_id }, body: { user_query: question } });
let steps = 0;
let ending = "";
for await (const event of stream) {
  steps++;
  if (event.output && "success" in event.output) {
    ending = event.output.output.answer;
  }
}
assert.ok(steps > 2, `${steps} events`);
knows(ending);

const list = await getAllDocumentsFromCorpus({ path: { corpus_id }, query: { name: "merrow" }, throwOnError: true });
assert.equal(list.data.meta.count, 1);

const none = await getAgentById({ path: { agent_id: 999_999 } });
assert.equal(none.response?.status, 404);
assert.ok(none.error && "code" in none.error && none.error.code);
