// Streams as a web application of another origin reads them, with
// @microsoft/fetch-event-source; and what a browser asks before.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "../made/openapi";
import { base, email, knows, origin, password, question } from "./world";

// The library is for browsers. It looks at nothing of these but timers.
Object.assign(globalThis, { window: globalThis, document: { hidden: false, addEventListener() {}, removeEventListener() {} } });
const { fetchEventSource } = await import("@microsoft/fetch-event-source");

const api = createClient<paths>({ baseUrl: base });
const tokens = await api.POST("/api/login/access-token", {
  body: { username: email, password },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
assert.ok(tokens.data, JSON.stringify(tokens.error));
const headers = { Authorization: `Bearer ${tokens.data.ejento_access_token}`, "Content-Type": "application/json", Origin: origin };

const agents = await api.GET("/api/agent", { headers });
const agent = agents.data?.data[0];
assert.ok(agent, "another script makes an agent first");
const path = `${base}/api/agent/${agent.id}/response/stream`;

const preflight = await fetch(path, {
  method: "OPTIONS",
  headers: { Origin: origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type" },
});
assert.equal(preflight.status, 204);
assert.equal(preflight.headers.get("Access-Control-Allow-Origin"), origin);

const events: components["schemas"]["StreamEvent"][] = [];
await fetchEventSource(path, {
  method: "POST",
  headers,
  body: JSON.stringify({ user_query: question } satisfies components["schemas"]["RunChatRequest"]),
  openWhenHidden: true,
  fetch,
  async onopen(response) {
    assert.equal(response.status, 200, await (response.ok ? "" : response.text()));
    assert.match(response.headers.get("Content-Type") ?? "", /^text\/event-stream/);
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), origin);
  },
  onmessage(message) {
    if (message.data !== "") {
      events.push(JSON.parse(message.data));
    }
  },
  onerror(problem) {
    throw problem;
  },
});
assert.equal(events[0]?.step, "start");
const last = events.at(-1);
assert.ok(last?.output && "success" in last.output, JSON.stringify(last));
knows(last.output.output.answer);
