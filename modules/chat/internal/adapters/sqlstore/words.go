package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/uptrace/bun"
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

// wordHashes calls each with the hashes of words: FNV-1a, 64 bits, of the agent, the
// bucket and the word, as hash/fnv makes it of each. What is before the words is
// hashed once.
func wordHashes(agent, bucket int64, words []string, each func(hash uint64)) {
	const prime = 1099511628211
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%d/", agent, bucket) // a hash takes everything
	before := h.Sum64()
	for _, w := range words {
		hash := before
		for i := range len(w) {
			hash = (hash ^ uint64(w[i])) * prime
		}
		each(hash)
	}
}

// hashes are those of words as PostgreSQL has them, ascending: so its index
// need not sort them.
func hashes(agent, bucket int64, words []string) []int32 {
	out := make([]int32, 0, len(words))
	wordHashes(agent, bucket, words, func(hash uint64) {
		out = append(out, int32(hash)) //nolint:gosec // a part of the hash is enough
	})
	slices.Sort(out)
	return out
}

// appendTokens appends hashes of words as the text of an FTS5 index, and as a query
// of it. It needs no escapes in JSON.
func appendTokens(out []byte, agent int64, words []string) []byte {
	before := len(out)
	wordHashes(agent, 0, words, func(hash uint64) {
		if len(out) > before {
			out = append(out, ' ')
		}
		out = strconv.AppendUint(append(out, 'w'), hash, 36)
	})
	return out
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
		err := s.db.On(ctx).
			NewSelect().
			TableExpr("chat_words").
			ColumnExpr("rowid").
			Where("chat_words MATCH ? AND rowid < ? AND rowid > ?", string(appendTokens(nil, agent, words)), high, low).
			OrderExpr("rowid DESC").
			Limit(int64(limit)).
			Scan(ctx, &ids)
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
			q = q.WhereOr("words @> ARRAY[?]::int[]", bun.List(hashes(agent, bucket, words)))
		}
		return q
	}).Where("run_id + 0 < ? AND run_id + 0 > ?", high, low).OrderExpr("run_id + 0 DESC").Limit(int64(limit))
}
