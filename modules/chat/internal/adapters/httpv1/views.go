package httpv1

import (
	"fmt"

	"parley/modules/chat/internal/core"
	"parley/platform/web"
)

type referenceView = core.Reference

// responseView is the answer of Run Chat.
type responseView struct {
	_ struct{} `schema:"ChatAnswer"`

	Answer           string          `json:"answer"`
	Query            string          `json:"query" doc:"The search query that was used."`
	Sources          string          `json:"sources" doc:"The orders of the cited references, such as [0,1]."`
	FollowUps        []string        `json:"followup_questions"`
	Indexes          []string        `json:"indexes" doc:"The corpora that were searched, as corpus-<id>."`
	PromptTokens     int64           `json:"prompt_tokens"`
	CompletionTokens int64           `json:"completion_tokens"`
	TotalTokens      int64           `json:"total_tokens"`
	CacheHit         bool            `json:"cache_hit" doc:"An earlier answer to the same question was used again: no model was called, so tokens and cost are 0."`
	History          []core.Turn     `json:"history"`
	PromptPrefix     string          `json:"prompt_prefix" doc:"Empty but for the agent's admins."`
	Instructions     []string        `json:"instructions" doc:"Empty but for the agent's admins."`
	AgentMode        string          `json:"agent_mode"`
	References       []referenceView `json:"references"`
	CorpusIDs        []int64         `json:"corpus_ids"`
	RunID            string          `json:"run_id"`
	Success          bool            `json:"success"`
	ChatThreadName   string          `json:"chat_thread_name"`
	ThreadID         int64           `json:"thread_id"`
	AgentResponseID  int64           `json:"agent_response_id"`
	ChatlogID        int64           `json:"chatlog_id"`
	Message          string          `json:"message"`
}

func showResponse(r core.Record) responseView {
	v := responseView{
		Answer: r.Answer, Query: r.SearchQuery, Sources: r.Sources, FollowUps: some(r.FollowUps), Indexes: []string{},
		PromptTokens: r.PromptTokens, CompletionTokens: r.CompletionTokens, TotalTokens: r.PromptTokens + r.CompletionTokens, CacheHit: r.CacheHit,
		History: append(some(r.History), core.Turn{User: r.Question, Bot: r.Answer}), Instructions: []string{}, AgentMode: "default",
		References: some(r.References), CorpusIDs: some(r.CorpusIDs), RunID: r.Run.RunID, Success: r.State == core.Completed, ChatThreadName: r.ThreadTitle,
		ThreadID: r.ThreadID, AgentResponseID: r.ID, ChatlogID: r.ID, Message: created,
	}
	for _, id := range r.CorpusIDs {
		v.Indexes = append(v.Indexes, fmt.Sprintf("corpus-%d", id))
	}
	if r.ShowPrompt {
		v.PromptPrefix, v.Instructions = r.PromptPrefix, some(r.Instructions)
	}
	if r.Options.HideSources {
		v.References = []referenceView{}
	}
	if r.State != core.Completed {
		v.Message = r.FailureDetails
	}
	return v
}

// recordView is a stored question with its answer.
type recordView struct {
	_ struct{} `schema:"AgentResponse"`

	ID               int64          `json:"id"`
	Question         string         `json:"question"`
	Response         responseView   `json:"response"`
	Comments         []commentView  `json:"comments" doc:"Oldest first."`
	Feedback         []feedbackView `json:"feedback"`
	AgentVersion     int64          `json:"agent_version" doc:"The version of the agent that answered; 0 for an answer from before there were versions."`
	CreatedBy        string         `json:"created_by"`
	CreatedOn        web.Time       `json:"created_on"`
	ModifiedOn       web.Time       `json:"modified_on"`
	IsDeleted        bool           `json:"is_deleted"`
	PromptTokens     int64          `json:"prompt_tokens"`
	CompletionTokens int64          `json:"completion_tokens"`
	TotalTokens      int64          `json:"total_tokens"`
	CacheHit         bool           `json:"cache_hit" doc:"An earlier answer to the same question was used again: no model was called, so tokens and cost are 0."`
	QuerySource      string         `json:"query_source"`
	MessageID        *string        `json:"message_id"`
	Cost             string         `json:"cost" doc:"In dollars, as a decimal."`
	ChatThread       int64          `json:"chat_thread"`
	Agent            int64          `json:"agent"`
	User             int64          `json:"user"`
	LLMConfig        *string        `json:"llm_config"`
	State            string         `json:"state" enum:"queued,in_progress,completed,failed,cancelled,interrupted"`
	FinishReason     *string        `json:"finish_reason" enum:"stop,length,content_filter" doc:"Why the model ended the answer: length and content_filter cut it."`
	FailureCode      *string        `json:"failure_code"`
	FailureReason    *string        `json:"failure_reason"`
}

func showRecord(r core.Record) recordView {
	v := recordView{
		ID: r.ID, Question: r.Question, Response: showResponse(r), Comments: each(r.Comments, showComment), Feedback: each(r.Votes, showVote), CreatedBy: r.CreatedBy,
		CreatedOn: web.At(r.CreatedOn), ModifiedOn: web.At(r.ModifiedOn), IsDeleted: r.IsDeleted, PromptTokens: r.PromptTokens, CompletionTokens: r.CompletionTokens,
		TotalTokens: r.PromptTokens + r.CompletionTokens, CacheHit: r.CacheHit, QuerySource: r.QuerySource, MessageID: r.MessageID, Cost: r.Cost,
		ChatThread: r.ThreadID, Agent: r.AgentID, AgentVersion: r.AgentVersion, User: r.UserID, State: string(r.State),
	}
	if r.FinishReason != "" {
		v.FinishReason = &r.FinishReason
	}
	if r.FailureCode != "" {
		v.FailureCode, v.FailureReason = &r.FailureCode, &r.FailureDetails
	}
	return v
}

// threadView is a conversation.
type threadView struct {
	_ struct{} `schema:"ChatThread"`

	ID              int64    `json:"id"`
	CorpusID        *int64   `json:"corpus_id"`
	CreatedBy       string   `json:"created_by"`
	CreatedOn       web.Time `json:"created_on"`
	ModifiedBy      string   `json:"modified_by"`
	ModifiedOn      web.Time `json:"modified_on"`
	Title           string   `json:"title"`
	IsDeleted       bool     `json:"is_deleted"`
	ChatID          *string  `json:"chat_id"`
	Agent           int64    `json:"agent"`
	User            int64    `json:"user"`
	IsSystemCreated bool     `json:"is_system_created"`
	QuerySource     *string  `json:"query_source"`
}

func showThread(t core.Thread) threadView {
	return threadView{
		ID: t.ID, CorpusID: t.CorpusID, CreatedBy: t.CreatedBy, CreatedOn: web.At(t.CreatedOn), ModifiedBy: t.ModifiedBy, ModifiedOn: web.At(t.ModifiedOn),
		Title: t.Title, IsDeleted: t.IsDeleted, ChatID: t.ChatID, Agent: t.AgentID, User: t.UserID, IsSystemCreated: t.IsSystemCreated, QuerySource: t.QuerySource,
	}
}

// threadWithRuns is a conversation with what was said.
type threadWithRuns struct {
	_ struct{} `schema:"ChatThreadWithResponses"`

	threadView
	AgentResponses []recordView `json:"agent_responses" doc:"Oldest first; meta is of this list."`
}

type thoughtView struct {
	Order      int      `json:"order"`
	Step       string   `json:"step"`
	Title      string   `json:"title"`
	Message    string   `json:"message"`
	StartedOn  web.Time `json:"started_on"`
	DurationMS int64    `json:"duration_ms"`
	Detail     any      `json:"detail"`
}

func showThought(t core.Thought) thoughtView {
	return thoughtView{
		Order:      t.Order,
		Step:       t.Step,
		Title:      t.Title,
		Message:    t.Message,
		StartedOn:  web.At(t.StartedOn),
		DurationMS: t.DurationMS,
		Detail:     t.Detail,
	}
}

type supportView struct {
	_ struct{} `schema:"SupportingContent"`

	Number     int     `json:"number"`
	Order      int     `json:"order"`
	Title      string  `json:"title"`
	URL        string  `json:"url"`
	DocumentID int64   `json:"document_id"`
	CorpusID   int64   `json:"corpus_id"`
	ChunkID    int64   `json:"chunk_id"`
	Page       *int    `json:"page"`
	Text       string  `json:"text"`
	Score      float64 `json:"score"`
}

func showSupport(s core.Support) supportView {
	return supportView{
		Number:     s.Number,
		Order:      s.Number - 1,
		Title:      s.Title,
		URL:        s.URL,
		DocumentID: s.DocumentID,
		CorpusID:   s.CorpusID,
		ChunkID:    s.ChunkID,
		Page:       s.Page,
		Text:       s.Text,
		Score:      s.Score,
	}
}

// some turns no entries into an empty list, which JSON shows as [].
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
