package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/jsonout"
	"parley/platform/sqldb"
)

// The index of words has hashes of what words stand for: a word, its agent and,
// on PostgreSQL, its bucket. So the entries of an agent lie together, and the
// newest answers with a frequent word are found without reading all others:
// SQLite's index is in the order of ids, and PostgreSQL's is asked for one bucket
// of ids after the other.
const (
	bucketBits = 15 // 32,768 ids to a bucket
	mostGroups = 4  // buckets that one statement asks for; more begin parallel workers
	mostLooked = 512
)

// wordHashes calls each with the hashes of words.
func wordHashes(agent, bucket int64, words []string, each func(hash uint64)) {
	text := fmt.Appendf(nil, "%d/%d/", agent, bucket)
	before := len(text)
	h := fnv.New64a()
	for _, w := range words {
		text = append(text[:before], w...)
		h.Reset()
		_, _ = h.Write(text) // a hash takes everything
		each(h.Sum64())
	}
}

// array is hashes of words as PostgreSQL's INT[].
func array(agent, bucket int64, words []string) string {
	out := []byte{'{'}
	wordHashes(agent, bucket, words, func(hash uint64) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, int64(int32(hash)), 10) //nolint:gosec // a part of the hash is enough
	})
	return string(append(out, '}'))
}

// tokens is hashes of words as the text of an FTS5 index, and as a query of it.
func tokens(agent int64, words []string) string {
	var out []byte
	wordHashes(agent, 0, words, func(hash uint64) {
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = strconv.AppendUint(append(out, 'w'), hash, 36)
	})
	return string(out)
}

// withWords answers the ids of at most limit runs between two others whose
// texts may have all of the words, newest first, with the id down to which was
// looked, and whether it is worth to look on. Runs that are not indexed yet may
// have any words.
func (s *Store) withWords(ctx context.Context, agent int64, words []string, low, high int64, limit int) (ids []int64, end int64, more bool, err error) {
	var waiting []int64
	err = s.db.On(ctx).NewSelect().TableExpr("chat_unindexed").Column("run_id").Where("agent_id = ? AND run_id < ? AND run_id > ?", agent, high, low).
		OrderExpr("run_id DESC").Limit(int64(limit)).Scan(ctx, &waiting)
	if err != nil {
		return nil, 0, false, fmt.Errorf("reading what is not indexed: %w", err)
	}
	if ids, end, more, err = s.indexed(ctx, agent, words, low, high, limit); err != nil {
		return nil, 0, false, err
	}
	for _, id := range waiting {
		if !more || id >= end {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	if ids = slices.Compact(ids); len(ids) > limit || len(waiting) == limit {
		ids, more = ids[:min(limit, len(ids))], true
		end = ids[len(ids)-1]
	}
	return ids, end, more, nil
}

// indexed does so with the index alone.
func (s *Store) indexed(ctx context.Context, agent int64, words []string, low, high int64, limit int) (ids []int64, end int64, more bool, err error) {
	if !s.db.Postgres() {
		err := s.db.On(ctx).NewSelect().TableExpr("chat_words").ColumnExpr("rowid").Where("chat_words MATCH ? AND rowid < ? AND rowid > ?", tokens(agent, words), high, low).
			OrderExpr("rowid DESC").Limit(int64(limit)).Scan(ctx, &ids)
		if err != nil {
			return nil, 0, false, fmt.Errorf("looking for words: %w", err)
		}
		if len(ids) > 0 {
			end = ids[len(ids)-1]
		}
		return ids, end, len(ids) == limit, nil
	}
	end = high
	for group, looked := int64(1), int64(0); end > low+1 && looked < mostLooked; {
		top := (end - 1) >> bucketBits
		bottom := max(top-group+1, low>>bucketBits, 0)
		var some []int64
		err := s.inBuckets(ctx, agent, words, bottom, top, max(low, bottom<<bucketBits-1), end, limit-len(ids)).Scan(ctx, &some)
		if err != nil {
			return nil, 0, false, fmt.Errorf("looking for words: %w", err)
		}
		if ids = append(ids, some...); len(ids) == limit {
			return ids, ids[limit-1], true, nil
		}
		looked, end = looked+top-bottom+1, bottom<<bucketBits
		group = min(group*2, mostGroups)
	}
	return ids, end, end > low+1, nil
}

// inBuckets looks for words in buckets. Its ids are expressions, because the
// statistics of arrays are far too high for a word of one bucket: PostgreSQL
// would walk the primary key.
func (s *Store) inBuckets(ctx context.Context, agent int64, words []string, bottom, top, low, high int64, limit int) *bun.SelectQuery {
	return s.db.On(ctx).NewSelect().TableExpr("chat_words").Column("run_id").WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		for bucket := top; bucket >= bottom; bucket-- {
			q = q.WhereOr("words @> ?::int[]", array(agent, bucket, words))
		}
		return q
	}).Where("run_id + 0 < ? AND run_id + 0 > ?", high, low).OrderExpr("run_id + 0 DESC").Limit(int64(limit))
}

// unindexedRow is an answer whose words are not indexed yet.
type unindexedRow struct {
	bun.BaseModel  `bun:"table:chat_unindexed,alias:u"`
	RunID, AgentID int64
}

// IndexWords implements core.Answers. On PostgreSQL it waits for who deletes
// the runs at this moment, and whoever deletes them later removes the words.
func (s *Store) IndexWords(ctx context.Context, limit int) (bool, error) {
	q := s.db.On(ctx).NewSelect().TableExpr("chat_unindexed").Column("run_id").OrderExpr("run_id").Limit(int64(limit))
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

func (s *Store) indexRuns(ctx context.Context, runs []int64) error {
	return s.indexWords(ctx, s.texts(ctx).Where("r.id IN (?)", bun.List(runs)).OrderExpr("r.id"))
}

// spoken is a run with its texts.
type spoken struct {
	ID, AgentID      int64
	Question, Answer string
}

func (s *Store) texts(ctx context.Context) *bun.SelectQuery {
	q := s.db.On(ctx).NewSelect().TableExpr("chat_runs AS r").Join("JOIN chat_contents AS c ON c.run_id = r.id").ColumnExpr("r.id, r.agent_id, c.question, c.answer").
		Where("r.state = 'completed' AND NOT r.is_deleted AND r.query_source <> 'evaluation'")
	if s.db.Postgres() {
		q = q.For("SHARE OF r")
	}
	return q
}

func (s *Store) indexWords(ctx context.Context, texts *bun.SelectQuery) error {
	var found []spoken
	if err := texts.Scan(ctx, &found); err != nil {
		return fmt.Errorf("reading texts to be indexed: %w", err)
	}
	if len(found) == 0 {
		return nil
	}
	var err error
	if s.db.Postgres() {
		ids, words := make([]int64, len(found)), make([]string, len(found))
		for i, t := range found {
			ids[i], words[i] = t.ID, array(t.AgentID, t.ID>>bucketBits, core.WordsOf(t.Question, t.Answer))
		}
		err = addingWords.Rows(ctx, s.db.On(ctx), nil, ids, words)
	} else {
		var rows jsonout.Text
		jsonout.List(&rows, found, func(out *jsonout.Text, t *spoken) {
			out.Raw("[")
			out.Int(t.ID)
			out.Raw(",")
			out.String(tokens(t.AgentID, core.WordsOf(t.Question, t.Answer)))
			out.Raw("]")
		})
		err = s.db.Prepared(ctx, "INSERT OR REPLACE INTO chat_words (rowid, words) SELECT value ->> 0, value ->> 1 FROM json_each(?)", nil, string(rows.Bytes))
	}
	if err != nil {
		return fmt.Errorf("indexing words: %w", err)
	}
	return nil
}

var addingWords = sqldb.NewKept("INSERT INTO chat_words (run_id, words) SELECT unnest($1::bigint[]), unnest($2::text[])::int[] ON CONFLICT (run_id) DO NOTHING")

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
	if err := s.db.On(ctx).NewSelect().TableExpr("chat_runs").Column("id").Where("id < ?", below).OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx, &ids); err != nil {
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
