package sqlstore_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

var answeredRows = flag.Int("answered", 1_000_000, "how many answered questions the larger benchmark of their list has")

var firstAsked = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// fillAnswered stores answered questions of agent 3, a second apart, and has
// their words indexed. Every second text has "common", every hundredth is liked
// and every two hundredth disliked; "rare" is in five texts, "ends" in the
// oldest and the newest.
func fillAnswered(t testing.TB, db *sqldb.DB, rows int) {
	t.Helper()
	store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
	at := "datetime('2026-05-01 12:00:00', '+' || i || ' seconds') || '+00:00'"
	series := "WITH RECURSIVE n(i) AS (SELECT %[1]d UNION ALL SELECT i + 1 FROM n WHERE i < %[2]d)"
	if db.Postgres() {
		at = "timestamptz '2026-05-01 12:00:00Z' + i * interval '1 second'"
		series = "WITH n(i) AS (SELECT generate_series(%[1]d, %[2]d))"
	}
	exec := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	const step = 2_000
	for from := 1; from <= rows; from += step {
		n := fmt.Sprintf(series, from, min(from+step-1, rows))
		exec(`INSERT INTO chat_runs (id, run_id, organization_id, thread_id, agent_id, agent_type, project_id, team_id, user_id, state, query_source, model, prompt_tokens, completion_tokens, cost,
			cache_hit, is_deleted, created_by, created_on, modified_on, failure_code, failure_details, cancel_requested, owner, lease_until, last_sequence, estimated_prompt, fingerprint, vote)
			` + n + ` SELECT i, 'r' || i, 1, i, 3, '', 4, 5, 7, 'completed', 'api', '', 0, 0, '0', false, false, '', ` + at + `, ` + at + `, '', '', false, '', ` + at + `, 1, 0, '',
			CASE WHEN i % 200 = 0 THEN -1 WHEN i % 100 = 0 THEN 1 ELSE 0 END FROM n`)
		exec(fmt.Sprintf(`INSERT INTO chat_contents (run_id, question, answer, search_query, sources, prompt_prefix, options)
			%s SELECT i, 'What is thing' || i || ' of group' || (i %% 1000) || '?', CASE i %% 2 WHEN 0 THEN 'It is common.' ELSE 'It is odd.' END || ' Some more words follow here so that it has a size'
			|| CASE WHEN i %% (%d / 5) = 0 THEN ' rare' ELSE '' END || CASE WHEN i = 1 OR i = %d THEN ' ends' ELSE '' END, '', '[]', '', '{}' FROM n`, n, rows, rows))
		ids := make([]int64, 0, step)
		for i := from; i < from+step && i <= rows; i++ {
			ids = append(ids, int64(i))
		}
		if err := unit.Do(context.Background(), func(ctx context.Context, _ uow.Tx) error { return store.IndexRuns(ctx, ids) }); err != nil {
			t.Fatal(err)
		}
	}
	exec("ANALYZE")
	if db.Postgres() {
		exec("VACUUM ANALYZE chat_words") // as autovacuum does
	}
}

// What a list of answered questions reads is bounded by what it shows, by index
// whatever is filtered.
func TestAnsweredQuestionsAreFoundByIndex(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		fillAnswered(t, db, 8_000)
		store := sqlstore.New(db)
		one := core.Upvote
		for name, f := range map[string]core.AnsweredFilter{
			"all": {AgentID: 3}, "liked": {AgentID: 3, Vote: &one}, "a time": {AgentID: 3, From: firstAsked.Add(time.Hour), To: firstAsked.Add(2 * time.Hour)},
		} {
			for _, behind := range []page.Key{{}, {At: firstAsked.Add(90 * time.Minute), ID: 5400}} {
				plan := strings.Join(dbtest.Plan(t, db.Reader(), db.Postgres(), store.Newest(f, behind, 100)), "\n")
				scans := strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN chat_runs")
				if !strings.Contains(plan, "chat_runs_answered") || scans {
					t.Errorf("%s: %s", name, plan)
				}
			}
		}
		if db.Postgres() {
			for _, statement := range []string{"INSERT INTO chat_words SELECT i, '{1}' FROM generate_series(100001, 140000) AS i", "VACUUM ANALYZE chat_words"} {
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			plan := strings.Join(dbtest.Plan(t, db.Reader(), true, store.InBuckets(3, []string{"rare"}, 0, 0)), "\n")
			if !strings.Contains(plan, "chat_words_of") {
				t.Error(plan)
			}
		}
		// A common word costs as many rows as are shown, however many have it.
		ctx, n := sqldb.CountQueries(t.Context())
		part, err := store.Answered(ctx, core.AnsweredFilter{AgentID: 3}, []string{"common"}, page.Key{}, 100)
		if err != nil || len(part.Runs) != 100 || !part.More || n.Load() > 4 {
			t.Errorf("%d runs, more %v, %d statements, %v", len(part.Runs), part.More, n.Load(), err)
		}
	})
}

// Texts from before the index are found once it has come to them, and each is
// indexed once.
func TestEarlierAnswersAreIndexedByAndBy(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		fillAnswered(t, db, 500)
		store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
		for _, statement := range []string{"DELETE FROM chat_words", "UPDATE chat_positions SET run_id = 501 WHERE name = 'words'"} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		found := func() int {
			t.Helper()
			part, err := store.Answered(t.Context(), core.AnsweredFilter{AgentID: 3}, []string{"common"}, page.Key{}, 500)
			if err != nil {
				t.Fatal(err)
			}
			return len(part.Runs)
		}
		more, steps := true, 0
		for ; more; steps++ {
			err := unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) (err error) {
				more, err = store.IndexOlderWords(ctx, 200)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if steps == 0 && found() != 100 {
				t.Errorf("%d are found after the first step", found())
			}
		}
		if steps != 3 || found() != 250 {
			t.Errorf("%d steps, %d found", steps, found())
		}
	})
}

// BenchmarkAnsweredQuestions lists 100 of a thousand and of many more answered
// questions of one agent, as a request does, by each filter:
//
//	go test -run '^$' -bench AnsweredQuestions ./modules/chat/internal/adapters/sqlstore -answered 1000000 -timeout 1h
func BenchmarkAnsweredQuestions(b *testing.B) {
	liked, disliked, none := core.Upvote, core.Downvote, core.NoVote
	for name, open := range map[string]func(b *testing.B) *sqldb.DB{
		"sqlite":   func(b *testing.B) *sqldb.DB { return dbtest.SQLite(b, sqlstore.Migrations()) },
		"postgres": func(b *testing.B) *sqldb.DB { return dbtest.Postgres(b, sqlstore.Migrations()) },
	} {
		for _, rows := range []int{1_000, *answeredRows} {
			b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) {
				db := open(b)
				fillAnswered(b, db, rows)
				store := sqlstore.New(db)
				middle := firstAsked.Add(time.Duration(rows/2) * time.Second)
				for _, c := range []struct {
					name   string
					f      core.AnsweredFilter
					word   string
					behind page.Key
				}{
					{name: "all"},
					{name: "deep", behind: page.Key{At: middle, ID: int64(rows / 2)}},
					{name: "time", f: core.AnsweredFilter{From: middle, To: middle.Add(time.Hour)}},
					{name: "upvote", f: core.AnsweredFilter{Vote: &liked}},
					{name: "downvote", f: core.AnsweredFilter{Vote: &disliked}},
					{name: "none", f: core.AnsweredFilter{Vote: &none}},
					{name: "common_word", word: "common"},
					{name: "rare_word", word: "rare"},
					{name: "two_words", word: "common rare"},
					{name: "no_word", word: "nowhere"},
					{name: "word_and_time", word: "common", f: core.AnsweredFilter{From: middle, To: middle.Add(time.Hour)}},
				} {
					b.Run(c.name, func(b *testing.B) {
						c.f.AgentID, c.f.Text = 3, c.word
						for b.Loop() {
							part, err := store.Answered(b.Context(), c.f, core.WordsOf(c.word, ""), c.behind, 101)
							if err != nil {
								b.Fatal(err)
							}
							if _, err := store.Sources(b.Context(), part.Runs); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			})
		}
	}
}
