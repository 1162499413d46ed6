package main_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"parley/platform/sqldb"
)

// stored is what the database has of all runs, read past the server.
type stored struct {
	runs   map[string]*storedRun // by question
	states map[string]int
	tokens int64
	// faults are sentences of what contradicts itself.
	faults []string
	// closed is how many ends of runs were published.
	closed int64
}

// storedRun is a run with all that belongs to it.
type storedRun struct {
	ID                       int64
	State, Question, Answer  string
	PromptTokens, Completion int64
	LedgerPrompt, LedgerRest int64
	LastSequence             int64
	Facts                    int64 // of analytics
	FactTokens               int64
	events                   []seenEvent
}

// database opens the server's database for a moment.
func (s *server) database(ctx context.Context) (*sqldb.DB, error) {
	c := sqldb.Config{MaxConns: 1}
	for _, setting := range s.env {
		if url, ok := strings.CutPrefix(setting, "PARLEY_DATABASE_URL="); ok {
			c.URL = url
		}
		if dir, ok := strings.CutPrefix(setting, "PARLEY_DATA_DIR="); ok {
			c.File = filepath.Join(dir, "parley.db")
		}
	}
	return sqldb.Open(ctx, c)
}

// stored reads all runs.
func (s *server) stored() *stored {
	s.t.Helper()
	ctx := s.t.Context()
	db, err := s.database(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it only read
	out := &stored{runs: map[string]*storedRun{}, states: map[string]int{}}
	var rows []storedRun
	err = db.NewRaw(`SELECT r.id, r.state, c.question, c.answer, r.prompt_tokens, r.completion_tokens AS completion, r.last_sequence,
		coalesce(l.prompt, 0) AS ledger_prompt, coalesce(l.rest, 0) AS ledger_rest, coalesce(f.runs, 0) AS facts, coalesce(f.tokens, 0) AS fact_tokens
		FROM chat_runs AS r JOIN chat_contents AS c ON c.run_id = r.id
		LEFT JOIN (SELECT run_id, CAST(sum(fresh_input + cached_input) AS BIGINT) AS prompt, CAST(sum(output + reasoning) AS BIGINT) AS rest
			FROM chat_ledger GROUP BY run_id) AS l ON l.run_id = r.id
		LEFT JOIN (SELECT thread_id, CAST(sum(runs) AS BIGINT) AS runs, CAST(sum(prompt_tokens + completion_tokens) AS BIGINT) AS tokens
			FROM analytics_facts GROUP BY thread_id) AS f ON f.thread_id = r.thread_id
		ORDER BY r.id`).Scan(ctx, &rows)
	if err != nil {
		s.t.Fatal(err)
	}
	byID := map[int64]*storedRun{}
	for i := range rows {
		r := &rows[i]
		if out.runs[r.Question] != nil {
			out.fault("run %d asks what run %d asks", r.ID, out.runs[r.Question].ID)
		}
		out.runs[r.Question], byID[r.ID] = r, r
		out.states[r.State]++
		out.tokens += r.PromptTokens + r.Completion
	}
	var commits []struct {
		RunID, Sequence      int64
		Step, Message, Delta string
		Earlier              []seenEvent // of the same commit, without their numbers
	}
	if err := db.NewRaw("SELECT run_id, sequence, step, message, delta, earlier FROM chat_streams ORDER BY run_id, sequence").Scan(ctx, &commits); err != nil {
		s.t.Fatal(err)
	}
	for _, c := range commits {
		r := byID[c.RunID]
		if r == nil {
			out.fault("event %d of run %d has no run", c.Sequence, c.RunID)
			continue
		}
		for i, e := range c.Earlier {
			e.Sequence = c.Sequence - int64(len(c.Earlier)-i)
			r.events = append(r.events, e)
		}
		r.events = append(r.events, seenEvent{c.Sequence, c.Step, c.Message, c.Delta})
	}
	for _, r := range rows {
		out.check(byID[r.ID])
	}
	if out.closed, err = db.NewSelect().TableExpr("bus_outbox").Where("name IN ('chat.run_completed.v1', 'chat.run_failed.v1')").Count(ctx); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *stored) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// check compares a run with all that belongs to it.
func (s *stored) check(r *storedRun) {
	if r.State == "queued" || r.State == "in_progress" {
		s.fault("run %d is left open", r.ID)
		return
	}
	var text strings.Builder
	for i, e := range r.events {
		if e.Sequence != int64(i+1) {
			s.fault("event %d of run %d has the number %d", i+1, r.ID, e.Sequence)
		}
		text.WriteString(e.Delta)
	}
	if n := len(r.events); int64(n) != r.LastSequence || n == 0 || (r.events[n-1].Step != "end" && r.events[n-1].Step != "error") {
		s.fault("the stream of run %d has %d events of %d and no end: %+v", r.ID, n, r.LastSequence, r.events)
	}
	if text.String() != r.Answer {
		s.fault("run %d streamed %q and stored %q", r.ID, text.String(), r.Answer)
	}
	if r.LedgerPrompt != r.PromptTokens || r.LedgerRest != r.Completion {
		s.fault("the ledger of run %d has %d + %d tokens, its record %d + %d", r.ID, r.LedgerPrompt, r.LedgerRest, r.PromptTokens, r.Completion)
	}
	// Each question here begins a thread, so what analytics knows of the thread
	// is what it knows of the run.
	if r.Facts != 1 || r.FactTokens != r.PromptTokens+r.Completion {
		s.fault("analytics has run %d %d times with %d tokens, not %d", r.ID, r.Facts, r.FactTokens, r.PromptTokens+r.Completion)
	}
}

// missing compares with what clients saw, and answers sentences of what they
// saw and is not stored, or is stored otherwise.
func (s *stored) missing(all []*asked) []string {
	var out []string
	for _, one := range all {
		r := s.runs[one.question]
		switch {
		case r == nil && (one.accepted || len(one.events) > 0):
			out = append(out, fmt.Sprintf("%q was accepted and is not there", one.question))
			continue
		case r == nil:
			continue
		case one.id != 0 && one.id != r.ID:
			out = append(out, fmt.Sprintf("%q was run %d and is run %d", one.question, one.id, r.ID))
		case one.answer != nil && (*one.answer != r.Answer || r.State != "completed"):
			out = append(out, fmt.Sprintf("run %d was answered with %q and is %s with %q", r.ID, *one.answer, r.State, r.Answer))
		}
		for i, e := range one.events {
			if i >= len(r.events) || r.events[i] != e {
				out = append(out, fmt.Sprintf("a client of run %d saw %+v, which is not the record's: %+v", r.ID, e, r.events))
				break
			}
		}
	}
	return out
}
