package sqlstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/storetest"
)

// old is two answered runs as a version stored them that had a row for each
// thought, passage and event.
var old = []string{
	`INSERT INTO chat_threads (id, organization_id, agent_id, user_id, title, is_deleted, is_system_created, created_by, created_on, modified_by, modified_on)
		VALUES (5, 1, 3, 7, 'It', false, false, '', '2026-05-01 12:00:00+00:00', '', '2026-05-01 12:00:00+00:00')`,
	`INSERT INTO chat_runs (id, run_id, organization_id, thread_id, agent_id, agent_type, project_id, team_id, user_id, state, query_source, model, prompt_tokens, completion_tokens, cost,
		cache_hit, is_deleted, created_by, created_on, modified_on, failure_code, failure_details, cancel_requested, owner, lease_until, last_sequence, estimated_prompt, fingerprint)
		SELECT i, 'r' || i, 1, 5, 3, '', 4, 5, 7, 'completed', 'api', '', 0, 0, '0', false, false, '', '2026-05-01 12:00:00+00:00', '2026-05-01 12:00:00+00:00', '', '', false, '',
		'2026-05-01 12:00:00+00:00', 3, 0, '' FROM (SELECT 20 AS i UNION ALL SELECT 21) AS n`,
	`INSERT INTO chat_contents (run_id, question, answer, search_query, sources, prompt_prefix, options) VALUES (20, 'What?', 'That.', '', '[]', '', '{}'), (21, 'Why?', 'So.', '', '[]', '', '{}')`,
	rowsOf(20), rowsOf(21), thoughtsOf(20), thoughtsOf(21), supportOf(20), supportOf(21),
}

func rowsOf(run int64) string {
	return fmt.Sprintf(`INSERT INTO chat_events (run_id, sequence, step, message, delta, code, details)
		VALUES (%d, 1, 'start', 'Begun.', '', '', ''), (%[1]d, 2, 'assistant_stream', '', 'That.', '', ''), (%[1]d, 3, 'end', 'Done.', '', '', '')`, run)
}

func thoughtsOf(run int64) string {
	return fmt.Sprintf(`INSERT INTO chat_thoughts (run_id, "order", step, title, message, started_on, duration_ms, detail)
		VALUES (%d, 1, 'retrieval', 'Searched', 'Two.', '2026-05-01 12:00:00.25+00:00', 12, '{"ids":[1,2]}'), (%[1]d, 2, 'citations', 'Checked', 'One.', '2026-05-01 12:00:01+00:00', 0, 'null')`, run)
}

func supportOf(run int64) string {
	return fmt.Sprintf(`INSERT INTO chat_support (run_id, number, chunk_id, document_id, corpus_id, title, url, text, page, score)
		VALUES (%d, 1, 21, 10, 5, 'Guide', '/g', 'It “is”.', 4, 0.1234567890123456), (%[1]d, 2, 22, 11, 5, 'Guide', '/g', 'So.', NULL, 1), (%[1]d, 3, 23, 10, 5, 'Guide', '/g', 'Yes.', NULL, 1)`, run)
}

var (
	oldEvents   = []core.StreamEvent{{Sequence: 1, Step: "start", Message: "Begun."}, {Sequence: 2, Step: "assistant_stream", Delta: "That."}, {Sequence: 3, Step: "end", Message: "Done."}}
	oldThoughts = []core.Thought{
		{Order: 1, Step: "retrieval", Title: "Searched", Message: "Two.", StartedOn: time.Date(2026, 5, 1, 12, 0, 0, 250_000_000, time.UTC), DurationMS: 12, Detail: json.RawMessage(`{"ids":[1,2]}`)},
		{Order: 2, Step: "citations", Title: "Checked", Message: "One.", StartedOn: time.Date(2026, 5, 1, 12, 0, 1, 0, time.UTC), Detail: json.RawMessage(`null`)},
	}
	oldSupport = []core.Support{
		{Number: 1, Passage: corpora.Passage{ChunkID: 21, DocumentID: 10, CorpusID: 5, Title: "Guide", URL: "/g", Text: "It “is”.", Page: new(4), Score: 0.1234567890123456}},
		{Number: 2, Passage: corpora.Passage{ChunkID: 22, DocumentID: 11, CorpusID: 5, Title: "Guide", URL: "/g", Text: "So.", Score: 1}},
		{Number: 3, Passage: corpora.Passage{ChunkID: 23, DocumentID: 10, CorpusID: 5, Title: "Guide", URL: "/g", Text: "Yes.", Score: 1}},
	}
)

// same checks what is read of a run.
func same(t *testing.T, store *sqlstore.Store, run int64, thoughts []core.Thought, support []core.Support, events []core.StreamEvent) {
	t.Helper()
	ctx := t.Context()
	if d := cmp.Diff(thoughts, storetest.Must[[]core.Thought](t)(store.Thoughts(ctx, run))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(support, storetest.Must[[]core.Support](t)(store.Support(ctx, run))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(events, storetest.Must[[]core.StreamEvent](t)(store.Events(ctx, run, 0, 100))); d != "" {
		t.Error(d)
	}
}

func exec(t *testing.T, db *sqldb.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatWasStoredInRowsOfItsOwnStaysAndGoesWithItsRun(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "91")}, func(t *testing.T, db *sqldb.DB) {
		exec(t, db, old...)
		if err := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
		same(t, store, 20, oldThoughts, oldSupport, oldEvents)
		sources := storetest.Must[map[int64][]int64](t)(store.Sources(t.Context(), []core.AnsweredRun{{ID: 21, ThreadID: 5}}))
		if d := cmp.Diff(map[int64][]int64{21: {10, 11}}, sources); d != "" {
			t.Error(d)
		}
		err := unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error { return store.DeleteRun(ctx, 7, 20) })
		if err != nil {
			t.Fatal(err)
		}
		same(t, store, 20, []core.Thought{}, []core.Support{}, []core.StreamEvent{})
		same(t, store, 21, oldThoughts, oldSupport, oldEvents)
		err = unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error {
			_, err := store.PruneStreams(ctx, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), 10)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, store, 21, oldThoughts, oldSupport, oldEvents[2:])
	})
}

// The version before goes on while both run: it reads what this one stores by
// the names that it knows, this one reads what it stores, and what it deletes is
// gone.
func TestTheVersionBeforeReadsWritesAndDeletesRecordsAndStreams(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	ctx, store, unit := t.Context(), sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
	exec(t, db, old...)
	same(t, store, 20, oldThoughts, oldSupport, oldEvents)

	exec(t, db, "UPDATE chat_runs SET state = 'in_progress', last_sequence = 3 WHERE id = 21",
		"DELETE FROM chat_events WHERE run_id IN (21)", "DELETE FROM chat_thoughts WHERE run_id IN (21)", "DELETE FROM chat_support WHERE run_id IN (21)")
	same(t, store, 21, []core.Thought{}, []core.Support{}, []core.StreamEvent{})
	done := core.Outcome{State: core.Completed, Answer: "That.", Sources: "[]", Thoughts: oldThoughts, Support: oldSupport}
	err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := store.Write(ctx, core.Batch{Now: time.Now(), Ends: []core.End{{Run: 21, Outcome: done, Sequence: 3, Events: oldEvents[:2]}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, store, 21, oldThoughts, oldSupport, append(oldEvents[:2:2], done.Last(3)))
	// Both runs have the same, and one is stored as before.
	for _, columns := range []string{
		"sequence, step, delta, code, details FROM chat_events", `"order", step, title, message, started_on, duration_ms, detail FROM chat_thoughts`,
		"number, chunk_id, document_id, corpus_id, title, url, text, page, score FROM chat_support",
	} {
		var different, all int
		count := "SELECT (SELECT count(*) FROM (SELECT " + columns + " WHERE run_id = 20 EXCEPT SELECT " + columns + " WHERE run_id = 21) AS d), (SELECT count(*) FROM (SELECT " + columns + " WHERE run_id = 21) AS a)"
		if err := db.NewRaw(count).Scan(ctx, &different, &all); err != nil || different != 0 || all < 2 {
			t.Errorf("%d of %d differ, %v: %s", different, all, err, columns)
		}
	}
	exec(t, db, "DELETE FROM chat_contents WHERE run_id IN (21)", "DELETE FROM chat_events WHERE run_id IN (21)", "DELETE FROM chat_thoughts WHERE run_id IN (21)", "DELETE FROM chat_support WHERE run_id IN (21)")
	same(t, store, 21, []core.Thought{}, []core.Support{}, []core.StreamEvent{})
	same(t, store, 20, oldThoughts, oldSupport, oldEvents)
}
