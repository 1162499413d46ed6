// The whole path with the types of openapi-typescript, and streams with
// eventsource-parser.
import assert from "node:assert/strict";
import { EventSourceParserStream } from "eventsource-parser/stream";
import createClient from "openapi-fetch";
import type { components, paths } from "../made/openapi";
import { base, email, file, knows, password, pause, question } from "./world";

const api = createClient<paths>({ baseUrl: base });

const tokens = await api.POST("/api/login/access-token", {
  body: { username: email, password },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
assert.ok(tokens.data, JSON.stringify(tokens.error));
const token = tokens.data.ejento_access_token;
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token}`);
  },
});

const team = await api.POST("/api/team", { body: { name: "Fetch" } });
assert.ok(team.data, JSON.stringify(team.error));
const project = await api.POST("/api/project", { body: { name: "Fetch", team: team.data.data.id } });
assert.ok(project.data, JSON.stringify(project.error));
const agent = await api.POST("/api/agent", { body: { name: "Fetch", project_id: project.data.data.id } });
assert.ok(agent.data, JSON.stringify(agent.error));
const agent_id = agent.data.data.id;
const corpus = await api.POST("/api/corpus", { body: { name: "Fetch" }, params: { header: { "Idempotency-Key": "fetch-corpus" } } });
assert.ok(corpus.data, JSON.stringify(corpus.error));
const corpus_id = corpus.data.data.id;
const connected = await api.POST("/api/agent/{agent_id}/corpus/{corpus_id}", { params: { path: { agent_id, corpus_id } }, body: {} });
assert.ok(connected.data, JSON.stringify(connected.error));

const document = await api.POST("/api/corpus/{corpus_id}/document", {
  params: { path: { corpus_id } },
  body: { content_type: "file", source: file },
  bodySerializer(body) {
    const form = new FormData();
    form.set("content_type", body.content_type);
    form.set("source", body.source);
    return form;
  },
});
assert.ok(document.data, JSON.stringify(document.error));
const document_id = document.data.data.id;
for (let step: string = document.data.data.step; step !== "completed"; await pause()) {
  const now = await api.GET("/api/document/{document_id}", { params: { path: { document_id } } });
  assert.ok(now.data && !now.data.data.is_failed, JSON.stringify(now));
  step = now.data.data.step;
}
const content = await api.GET("/api/document/{document_id}/content", { params: { path: { document_id } }, parseAs: "blob" });
assert.equal(content.data?.size, file.size);

const answer = await api.POST("/api/agent/{agent_id}/response", { params: { path: { agent_id } }, body: { user_query: question } });
// With Accept: text/event-stream it would be an event.
assert.ok(answer.data && "data" in answer.data, JSON.stringify(answer.error));
knows(answer.data.data.answer);
assert.equal(answer.data.data.references[0]?.number, 1);

const stream = await api.POST("/api/agent/{agent_id}/response/stream", {
  params: { path: { agent_id } },
  body: { user_query: question },
  parseAs: "stream",
});
assert.ok(stream.data, JSON.stringify(stream.error));
const events: components["schemas"]["StreamEvent"][] = [];
for await (const message of stream.data.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())) {
  events.push(JSON.parse(message.data));
}
assert.ok(events[0]?.agent_response_id);
const last = events.at(-1)?.output;
assert.ok(last && "success" in last, JSON.stringify(events.at(-1)));
knows(last.output.answer);

const list = await api.GET("/api/corpus/{corpus_id}/document", { params: { path: { corpus_id }, query: { name: "merrow" } } });
assert.equal(list.data?.meta.count, 1);
assert.equal(list.data?.data[0]?.name, "merrow.md");

const none = await api.GET("/api/agent/{agent_id}", { params: { path: { agent_id: 999_999 } } });
assert.equal(none.response.status, 404);
assert.ok(none.error?.code && none.error.request_id);
