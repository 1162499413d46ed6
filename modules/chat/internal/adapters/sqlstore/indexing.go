package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/jsonout"
	"parley/platform/sqldb"
)

// unindexedRow is an answer whose words are not indexed yet.
type unindexedRow struct {
	bun.BaseModel  `bun:"table:chat_unindexed,alias:u"`
	RunID, AgentID int64
}

// arrays gives each run its part of an array with the hashes of all, whose
// elements are not parsed as text.
const arrays = `(SELECT unnest($1::bigint[]) AS run_id, unnest($3::bigint[]) AS first, unnest($4::bigint[]) AS last) AS v`

var (
	addingWords = sqldb.NewKept(
		"INSERT INTO chat_words (run_id, words) SELECT v.run_id, ($2::bigint[])[v.first:v.last]::int[] FROM " + arrays + " ON CONFLICT (run_id) DO NOTHING",
	)
	// indexingWords indexes what waits. That it waited says that no other
	// transaction has: one that is about to has its row, and is waited for. A
	// deletion of the run that is under way is waited for, too, and a later one
	// removes the words.
	indexingWords = sqldb.NewKept(`WITH waited AS (DELETE FROM chat_unindexed WHERE run_id = ANY($1::bigint[]) RETURNING run_id),
		there AS (SELECT r.id FROM chat_runs AS r WHERE r.id IN (SELECT run_id FROM waited) AND NOT r.is_deleted ORDER BY r.id FOR SHARE OF r)
		INSERT INTO chat_words (run_id, words) SELECT v.run_id, ($2::bigint[])[v.first:v.last]::int[] FROM ` + arrays + ` JOIN there ON there.id = v.run_id`)
)

const (
	addTokens = "INSERT OR REPLACE INTO chat_words (rowid, words) SELECT CAST(key AS INTEGER), value FROM json_each(?)"
	// indexTokens replaces nothing, which FTS5 would look for: what waits is not indexed.
	indexTokens = "INSERT INTO chat_words (rowid, words) SELECT CAST(key AS INTEGER), value FROM json_each(?) " +
		"WHERE EXISTS (SELECT 1 FROM chat_unindexed AS u JOIN chat_runs AS r ON r.id = u.run_id WHERE u.run_id = CAST(key AS INTEGER) AND NOT r.is_deleted)"
	dropWaiting = "DELETE FROM chat_unindexed WHERE run_id IN (SELECT value FROM json_each(?))"
)

// IndexWords implements core.Answers.
func (s *Store) IndexWords(ctx context.Context, answers []core.AnswerWords) error {
	if len(answers) == 0 {
		return nil
	}
	var err error
	if s.db.Postgres() {
		err = indexingWords.Rows(ctx, s.db.On(ctx), nil, wordArrays(answers)...)
	} else {
		if err = s.db.Prepared(ctx, indexTokens, nil, wordTokens(answers)); err == nil {
			var runs jsonout.Text
			jsonout.List(&runs, answers, func(t *jsonout.Text, a *core.AnswerWords) { t.Int(a.RunID) })
			err = s.db.Prepared(ctx, dropWaiting, nil, string(runs.Bytes))
		}
	}
	if err != nil {
		return fmt.Errorf("indexing words: %w", err)
	}
	return nil
}

// wordArrays are answers as the arguments of addingWords.
func wordArrays(answers []core.AnswerWords) []any {
	n := len(answers)
	ids, all, first, last := make([]int64, n), []int32{}, make([]int64, n), make([]int64, n)
	for i, a := range answers {
		ids[i], first[i] = a.RunID, int64(len(all)+1)
		all = append(all, hashes(a.AgentID, a.RunID>>bucketBits, a.Words)...)
		last[i] = int64(len(all))
	}
	return []any{ids, all, first, last}
}

// wordTokens are answers as the argument of addTokens: tokens by run. SQLite would
// parse each row of a list of lists once more for each of its values.
func wordTokens(answers []core.AnswerWords) string {
	var rows jsonout.Text
	rows.Raw("{")
	for i, a := range answers {
		if i > 0 {
			rows.Raw(",")
		}
		rows.Raw(`"`)
		rows.Int(a.RunID)
		rows.Raw(`":"`)
		rows.Bytes = appendTokens(rows.Bytes, a.AgentID, a.Words)
		rows.Raw(`"`)
	}
	rows.Raw("}")
	return string(rows.Bytes)
}

// LastWaiting implements core.Answers.
func (s *Store) LastWaiting(ctx context.Context) (int64, error) {
	var last sql.NullInt64
	if err := s.db.On(ctx).NewSelect().TableExpr("chat_unindexed").ColumnExpr("max(run_id)").Scan(ctx, &last); err != nil {
		return 0, fmt.Errorf("looking for what is not indexed: %w", err)
	}
	return last.Int64, nil
}

// IndexWaiting implements core.Answers. On PostgreSQL it waits for deletions
// of the runs that are under way, and later ones remove the words.
func (s *Store) IndexWaiting(ctx context.Context, upTo int64, limit int) (bool, error) {
	q := s.db.On(ctx).NewSelect().TableExpr("chat_unindexed").Column("run_id").Where("run_id <= ?", upTo).OrderExpr("run_id").Limit(int64(limit))
	if s.db.Postgres() {
		q = q.For("UPDATE SKIP LOCKED")
	}
	var runs []int64
	if err := q.Scan(ctx, &runs); err != nil {
		return false, fmt.Errorf("reading what is to be indexed: %w", err)
	}
	if len(runs) == 0 {
		return false, nil
	}
	if err := s.indexRuns(ctx, runs); err != nil {
		return false, err
	}
	if _, err := s.db.On(ctx).NewDelete().TableExpr("chat_unindexed").Where("run_id IN (?)", bun.List(runs)).Exec(ctx); err != nil {
		return false, fmt.Errorf("noting what is indexed: %w", err)
	}
	return len(runs) == limit, nil
}

// indexRuns indexes those of runs that are answered questions, whose texts it
// reads.
func (s *Store) indexRuns(ctx context.Context, runs []int64) error {
	q := s.db.On(ctx).
		NewSelect().
		TableExpr("chat_runs AS r").
		Join("JOIN chat_contents AS c ON c.run_id = r.id").
		ColumnExpr("r.id, r.agent_id, c.question, c.answer").
		Where(answered).
		Where("r.id IN (?)", bun.List(runs)).
		OrderExpr("r.id")
	if s.db.Postgres() {
		q = q.For("SHARE OF r")
	}
	var texts []struct {
		ID, AgentID      int64
		Question, Answer string
	}
	if err := q.Scan(ctx, &texts); err != nil {
		return fmt.Errorf("reading texts to be indexed: %w", err)
	}
	if len(texts) == 0 {
		return nil
	}
	answers := make([]core.AnswerWords, len(texts))
	for i, t := range texts {
		answers[i] = core.AnswerWords{RunID: t.ID, AgentID: t.AgentID, Words: core.WordsOf(t.Question, t.Answer)}
	}
	var err error
	if s.db.Postgres() {
		err = addingWords.Rows(ctx, s.db.On(ctx), nil, wordArrays(answers)...)
	} else {
		err = s.db.Prepared(ctx, addTokens, nil, wordTokens(answers))
	}
	if err != nil {
		return fmt.Errorf("indexing words: %w", err)
	}
	return nil
}

// IndexOlderWords implements core.Answers. Who indexes has the row of how far
// it is, so that two processes do not do the same.
func (s *Store) IndexOlderWords(ctx context.Context, limit int) (bool, error) {
	var below int64
	q := s.db.On(ctx).NewSelect().TableExpr("chat_positions").Column("run_id").Where("name = 'words'")
	if s.db.Postgres() {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx, &below); err != nil {
		return false, fmt.Errorf("reading how far the index of words is: %w", err)
	}
	if below == 0 {
		return false, nil
	}
	var ids []int64
	if err := s.db.On(ctx).
		NewSelect().
		TableExpr("chat_runs").
		Column("id").
		Where("id < ?", below).
		OrderExpr("id DESC").
		Limit(int64(limit)).
		Scan(ctx, &ids); err != nil {
		return false, fmt.Errorf("reading runs to be indexed: %w", err)
	}
	left := len(ids) == limit
	below = 0
	if left {
		below = ids[len(ids)-1]
	}
	if len(ids) > 0 {
		if err := s.indexRuns(ctx, ids); err != nil {
			return false, err
		}
	}
	_, err := s.db.On(ctx).NewUpdate().TableExpr("chat_positions").Set("run_id = ?", below).Where("name = 'words'").Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("noting how far the index of words is: %w", err)
	}
	return left, nil
}

// eraseWords removes the words of the runs that a query selects.
func (s *Store) eraseWords(ctx context.Context, runs *bun.SelectQuery) error {
	id := "rowid"
	if s.db.Postgres() {
		id = "run_id"
	}
	if _, err := s.db.On(ctx).NewDelete().TableExpr("chat_words").Where("? IN (?)", bun.Ident(id), runs).Exec(ctx); err != nil {
		return fmt.Errorf("deleting from chat_words: %w", err)
	}
	return nil
}
