package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"

	"parley/platform/openapi"
)

// apiText says what each group of operations is about, and what each operation
// does. A test holds it to the operations, errors and events that there are.
//
//go:embed apitext/*.md
var apiText embed.FS

// apiWords are what the OpenAPI document says of this API beside what its
// routes and types do. A field's tag doc goes first; a test tells what has no
// words at all.
func apiWords() (openapi.Words, error) {
	folder, err := fs.Sub(apiText, "apitext")
	if err != nil {
		return openapi.Words{}, fmt.Errorf("reading what operations do: %w", err)
	}
	groups, operations, err := openapi.ReadText(folder)
	return openapi.Words{
		Fields: apiFields, Operations: operations, IDs: apiIDs, Tags: groups, Values: apiValues, Requests: apiRequests,
		Codes: map[int]string{http.StatusTooManyRequests: "users.too_many_attempts"},
	}, err
}

// apiIDs are operation ids in place of those that follow from the contract's names.
var apiIDs = map[string]string{
	"getAllAgentAlias":                  "getAllAgentAliases",
	"getAllCorpus":                      "getAllCorpora",
	"getUserAgentOrUserAgentPermission": "getAgentUsers",
	"getAgentsByTeamOrUserTeam":         "getAgentsByTeam",
	"getAgentsByUserTeam":               "getAgentsByOwnTeams",
	"deleteStarredAgents":               "unstarAgent",
	"deleteRecentAgent":                 "removeFromRecentAgents",
	"createReviewForAgent":              "createAgentReview",
	"updateReview":                      "updateAgentReview",
	"toggleRating":                      "toggleAgentRating",
	"createNewProject":                  "createProject",
	"getProjectDetailsById":             "getProjectById",
	"addRecentProject":                  "addToRecentProjects",
	"createNewSharePointItem":           "createSharePointItem",
	"getSharePointItemByItsId":          "getSharePointItemById",
}

// apiValues are examples of fields, where the kind of the field takes them.
var apiValues = map[string]any{
	"email": "ada@example.org", "username": "ada@example.org", "first_name": "Ada", "last_name": "Lund", "name": "Handbook", "title": "Opening hours",
	"Agent.name": "Guide", "User.name": "Ada Lund", "password": "a long password of yours", "old_password": "the password until now",
	"domain": "example.org", "org_name": "Example Ltd", "message": "Done.", "user_query": "When does the office open?", "query": "When does the office open?",
	"question": "When does the office open?", "answer": "The office opens at 8 [1].", "text": "The office opens at 8.", "response": "The office opens at 8 [1].",
	"comment": "Right, and short.", "review": "Answers what we ask most.",
	"created_by": "ada@example.org", "modified_by": "ada@example.org", "connected_by": "ada@example.org",
	"description": "How we work.", "tag": "policy", "tags": []any{"policy"}, "api_key": "pk_EXAMPLE", "key": "pk_EXAMPLE", "token_type": "bearer",
	"access_token": "eyJhbGciOiJIUzI1NiJ9.e30.refresh", "ejento_access_token": "eyJhbGciOiJIUzI1NiJ9.e30.access", "scope": "all", "role": "member",
	"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "mime_type": "text/markdown", "url": "/api/document/1/content",
	"run_id": "01a20b90-b8f2-74d2-ab09-45e27c1cf85c", "request_id": "01a20b90-b8f2-74d2-ab09-45e27c1cf85c", "llm_model": "extractive", "model": "extractive",
	"query_source": "api", "full_path": "/sites/hr/Documents/handbook.md", "from_address": "192.0.2.7", "alias": "Guide_1@example.org", "cost": "0.000420",
	"instructions": []any{"Answer in one sentence."}, "reason": "A complaint about an answer.",
	"step": "completed", "step_name": "completed", "state": "completed",
	"StreamEvent.step": "start", "StreamEvent.message": "The question is stored.", "delta": "The office opens at 8 [1].", "StreamEvent.sequence_number": 1,
	"content_type": "file", "is_deleted": false, "is_failed": false, "is_downvote": false, "resource_type": "agent", "code": "malformed_request",
	"action": "post_agent", "date": "2024-10-02", "details": "The model didn't answer.", "total_tokens": 420, "prompt_tokens": 400, "completion_tokens": 20,
}

// apiRequests are examples of bodies of which a rule would make poor ones.
var apiRequests = map[string]any{
	"runChat":              json.RawMessage(`{"user_query":"When does the office open?"}`),
	"runChatStreamed":      json.RawMessage(`{"user_query":"When does the office open?","overrides":{"top":3}}`),
	"connectCorpusToAgent": json.RawMessage(`{}`),
	"createCorpus":         json.RawMessage(`{"name":"Handbook","description":"How we work.","tags":["policy"]}`),
	"createAgent":          json.RawMessage(`{"name":"Guide","project_id":1,"description":"Answers from the handbook."}`),
}
