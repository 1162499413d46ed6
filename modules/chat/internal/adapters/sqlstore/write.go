package sqlstore

import (
	"context"
	"fmt"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

// The changes of rows that a batch is made of. Those of runs find open ones by
// their owner.
const (
	ofOwner  = "id = v.column1 AND owner = v.column2 AND state IN ('queued', 'in_progress')"
	whichRun = "id, is_deleted"
	advance  = "state = 'in_progress', last_sequence = v.column3"
	closeRun = "state = v.column3, model = v.column4, prompt_tokens = v.column5, completion_tokens = v.column6, cost = v.column7, " +
		"failure_code = v.column8, failure_details = CASE WHEN is_deleted THEN '' ELSE v.column9 END, last_sequence = v.column10, finish_reason = v.column11, " +
		"cache_hit = v.column12, cache_key = CASE WHEN is_deleted THEN '' ELSE v.column13 END, modified_on = v.column14::timestamptz"
)

var (
	advancing = sqldb.NewChange("chat_runs", advance, ofOwner, whichRun)
	beginning = sqldb.NewChange("chat_runs",
		"model = v.column2, estimated_prompt = v.column3, lease_until = v.column4::timestamptz, modified_on = v.column5::timestamptz", "id = v.column1", "")
	searching = sqldb.NewChange("chat_contents", "search_query = v.column2", "run_id = v.column1", "")
	closing   = sqldb.NewChange("chat_runs", closeRun, ofOwner, whichRun)
	answering = sqldb.NewChange(
		"chat_contents",
		`answer = v.column2, search_query = v.column3, sources = v.column4, "references" = v.column5, follow_ups = v.column6, corpus_ids = v.column7, documents = v.column8, thoughts = v.column9, support = v.column10`,
		"run_id = v.column1",
		"",
	)
)

// writing is one batch on its way into the database. Statements whose results
// decide about others come first, and all the others are one script: each takes
// one round trip, however many runs it is for.
type writing struct {
	*Store
	now    time.Time
	script *sqldb.Script
	decided

	created  []threadRow
	runs     []runRow
	contents []contentRow
	streams  []streamRow
	ledger   []ledgerRow

	unindexed []unindexedRow
}

// Write implements core.Runs.
func (s *Store) Write(ctx context.Context, b core.Batch) (core.Written, error) {
	questions, ends := len(b.Accepts), len(b.Ends)
	w := &writing{
		Store: s, now: b.Now, script: s.db.NewScript(),
		created: make([]threadRow, 0, questions), runs: make([]runRow, 0, questions), contents: make([]contentRow, 0, questions),
		streams: make([]streamRow, 0, questions+len(b.Advances)+ends), ledger: make([]ledgerRow, 0, ends), unindexed: make([]unindexedRow, 0, ends),
	}
	var out core.Written
	var err error
	if err := w.decide(ctx, b); err != nil {
		return out, err
	}
	out.Expected = w.expecting
	if out.Accepts, err = w.accepts(ctx, b.Accepts); err != nil {
		return out, err
	}
	if out.Advances, err = w.advances(b.Advances); err != nil {
		return out, err
	}
	if out.Ends, err = w.ends(b.Ends); err != nil {
		return out, err
	}
	for _, rows := range []any{&w.created, &w.runs, &w.contents, &w.streams, &w.ledger, &w.unindexed} {
		w.script.Insert(sqldb.Insert{Rows: rows})
	}
	if err := w.script.PutOff(ctx); err != nil {
		return out, fmt.Errorf("storing runs: %w", err)
	}
	return out, nil
}

// addEvents adds the events of a run that this commit stores.
func (w *writing) addEvents(run int64, events []core.StreamEvent) error {
	if len(events) == 0 {
		return nil
	}
	row, err := newStreamRow(run, events)
	w.streams = append(w.streams, row)
	return err
}

// advances stores more of streams that go on.
func (w *writing) advances(parts []core.Advance) ([]error, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	refused := make([]error, len(parts))
	var begun, queries sqldb.Rows
	for i, p := range parts {
		run, ours := w.advanced[p.Run]
		if !ours {
			refused[i] = core.ErrNoLongerOurs
			continue
		}
		if run.IsDeleted { // no text of it is kept, and it goes no further
			refused[i] = core.ErrDeleted
			continue
		}
		if p.Again {
			p.Events = behind(p.Events, w.stand[p.Run].LastSequence)
		}
		if err := w.addEvents(p.Run, p.Events); err != nil {
			return nil, err
		}
		if p.Begins != nil {
			begun = append(begun, []any{p.Run, p.Begins.Model, p.Begins.EstimatedPrompt, p.Begins.LeaseUntil, w.now})
			queries = append(queries, []any{p.Run, p.Begins.SearchQuery})
		}
	}
	w.begin(begun, queries)
	return refused, nil
}

// begin notes what is known of runs whose turn has come.
func (w *writing) begin(begun, queries sqldb.Rows) {
	w.script.Change(beginning, begun)
	w.script.Change(searching, queries)
}

func closedRows(parts []core.End, now time.Time) sqldb.Rows {
	rows := make(sqldb.Rows, len(parts))
	for i, p := range parts {
		o := p.Outcome
		prompt, completion, cost := core.Totals(o.Usage)
		rows[i] = []any{
			p.Run,
			p.Owner,
			string(o.State),
			o.Model,
			prompt,
			completion,
			cost,
			o.FailureCode,
			o.FailureDetails,
			p.Sequence,
			o.FinishReason,
			o.CacheHit,
			o.CacheKey,
			now,
		}
	}
	return rows
}

// ends stores all that belongs to runs that are closed.
func (w *writing) ends(parts []core.End) ([]core.Ended, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	out := make([]core.Ended, len(parts))
	var answers sqldb.Rows
	for i, p := range parts {
		run, ours := w.closed[p.Run]
		out[i].Deleted = run.IsDeleted
		if stored := w.stand[p.Run]; !ours && stored.ended(p) {
			out[i].Before, out[i].Deleted = true, stored.IsDeleted
			continue
		}
		if !ours {
			out[i].Err = core.ErrNoLongerOurs
			continue
		}
		for _, u := range p.Outcome.Usage {
			w.ledger = append(w.ledger, ledgerRow{RunID: p.Run, Usage: u.Usage, Raw: u.Raw, CreatedOn: w.now})
		}
		if run.IsDeleted { // figures stay, texts don't
			continue
		}
		if p.Outcome.State.AnswersUser(p.Source) {
			w.unindexed = append(w.unindexed, unindexedRow{RunID: p.Run, AgentID: p.AgentID})
		}
		answer, err := w.record(p)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	w.script.Change(answering, answers)
	return out, nil
}

// record adds the long parts of a run that ends and answers those of its
// answer.
func (w *writing) record(p core.End) ([]any, error) {
	o := p.Outcome
	texts, ready := o.Prepared.(*prepared)
	if !ready {
		var err error
		if texts, err = prepare(o); err != nil {
			return nil, err
		}
	}
	if p.Again {
		p.Events = behind(p.Events, w.stand[p.Run].LastSequence)
	}
	err := w.addEvents(p.Run, append(p.Events[:len(p.Events):len(p.Events)], o.Last(p.Sequence)))
	return []any{
		p.Run,
		o.Answer,
		o.SearchQuery,
		o.Sources,
		texts.references,
		texts.followUps,
		texts.corpusIDs,
		texts.documents,
		texts.thoughts,
		texts.support,
	}, err
}
