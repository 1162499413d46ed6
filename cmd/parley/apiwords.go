package main

import (
	"encoding/json"

	"parley/platform/openapi"
)

// apiWords are what the OpenAPI document says of this API beside what its
// routes and types do. A field's tag doc and a route's Describe go first; a
// test tells what has no words at all.
func apiWords() openapi.Words {
	return openapi.Words{Fields: apiFields, Operations: apiOperations, IDs: apiIDs, Tags: apiTags, Values: apiValues, Requests: apiRequests}
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

var apiTags = map[string]string{
	"Agent":         "Agents: what answers questions, from which corpora and with which instructions; their reviews, ratings, aliases and versions.",
	"Analytics":     "Figures about use: tokens, questions and engagement. Nobody's questions or answers.",
	"API key":       "Keys for programs, which reach no further than their owner, and less where they are restricted.",
	"Audit log":     "Who did what to what, from where and when.",
	"Chat":          "Asking agents, the threads that questions stand in, the records of answers, and feedback.",
	"Content grant": "Leave, for some days and audited, to read what a user asked.",
	"Corpus":        "Corpora: named collections of documents with permissions of their own.",
	"Document":      "The documents of corpora.",
	"Evaluation":    "Tests of agents on sets of questions with expected answers.",
	"Notification":  "What the server tells a user.",
	"Organization":  "The organization that all of it belongs to.",
	"Project":       "Projects: what holds agents, within a team or without.",
	"SharePoint":    "Sites, drives, folders and files in SharePoint, and the corpora that follow them.",
	"Sign in":       "Getting the tokens that other operations want.",
	"Team":          "Teams and their members.",
	"User":          "Users and their roles on resources.",
	"Webhook":       "Addresses that events are sent to.",
}

// apiValues are examples of fields, where the kind of the field takes them.
var apiValues = map[string]any{
	"email": "ada@example.org", "username": "ada@example.org", "first_name": "Ada", "last_name": "Lund", "name": "Handbook", "title": "Opening hours",
	"Agent.name": "Guide", "User.name": "Ada Lund", "password": "a long password of yours", "old_password": "the password until now",
	"domain": "example.org", "org_name": "Example Ltd", "message": "Done.", "user_query": "When does the office open?", "query": "When does the office open?",
	"question": "When does the office open?", "answer": "The office opens at 8 [1].", "text": "The office opens at 8.", "response": "The office opens at 8 [1].",
	"comment": "Right, and short.", "review": "Answers what we ask most.", "created_by": "ada@example.org", "modified_by": "ada@example.org", "connected_by": "ada@example.org",
	"description": "How we work.", "tag": "policy", "tags": []any{"policy"}, "api_key": "pk_EXAMPLE", "key": "pk_EXAMPLE", "token_type": "bearer",
	"access_token": "eyJhbGciOiJIUzI1NiJ9.e30.refresh", "ejento_access_token": "eyJhbGciOiJIUzI1NiJ9.e30.access", "scope": "all", "role": "member",
	"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "mime_type": "text/markdown", "url": "/api/document/1/content",
	"run_id": "01a20b90-b8f2-74d2-ab09-45e27c1cf85c", "request_id": "01a20b90-b8f2-74d2-ab09-45e27c1cf85c", "llm_model": "extractive", "model": "extractive",
	"query_source": "api", "full_path": "/sites/hr/Documents/handbook.md", "from_address": "192.0.2.7", "alias": "Guide_1@example.org", "cost": "0.000420",
	"instructions": []any{"Answer in one sentence."}, "reason": "A complaint about an answer.", "step": "completed", "step_name": "completed", "state": "completed",
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
