package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/sqldb"
)

// live leaves out the blocks of passages that no question may see yet; an
// index has these alone.
const live = "block NOT IN (SELECT id FROM corpora_passages WHERE NOT is_live AND corpus_id IN (?))"

// connectedTo is what is connected to an agent and enabled, and whether its
// content is shared through the agent.
const connectedTo = `SELECT c.id, s.version, s.passages, s.length, n.shares_content FROM corpora_connections AS n
	JOIN corpora_corpora AS c ON c.id = n.corpus_id JOIN corpora_statistics AS s ON s.corpus_id = c.id
	WHERE n.organization_id = $1 AND n.agent_id = $2 AND n.is_enabled AND c.organization_id = $1 AND NOT c.is_deleted ORDER BY c.id`

// Searchable implements core.Store. What an agent shares needs no right of the
// asker's own: mostly that is all there is. For the rest the rights are a
// condition of the statement that reads the versions.
func (s *Store) Searchable(ctx context.Context, v access.VisibleCorpora, agentID int64, more []int64) ([]ranking.Corpus, error) {
	if agentID != 0 && len(more) == 0 {
		shared, err := s.shared(ctx, agentOf{v.OrganizationID, agentID})
		if err != nil || shared.all {
			return slices.Clone(shared.corpora), err
		}
	}
	return s.searchable(ctx, v, agentID, more)
}

// agentOf is an agent of an organization.
type agentOf struct{ organization, agent int64 }

// connection is what is connected to an agent.
type connection struct {
	corpora []ranking.Corpus
	all     bool // all of it is shared
}

func (c connection) weight() int { return 1 + len(c.corpora) }

// changing runs fn, which changes what agents are connected to, or the version
// of a corpus. Nothing of it is kept until the unit has ended.
func (s *Store) changing(ctx context.Context, fn func(ctx context.Context) error) error {
	if s.db.Postgres() {
		return fn(ctx)
	}
	return s.db.Within(ctx, func(ctx context.Context) error {
		s.kept.ChangingFunc(ctx, func(agentOf) bool { return true })
		return fn(ctx)
	})
}

// shared answers what is connected to an agent.
func (s *Store) shared(ctx context.Context, of agentOf) (connection, error) {
	if !s.db.Postgres() {
		return s.kept.Get(ctx, of)
	}
	read := func(ctx context.Context) (connection, error) { return s.readShared(ctx, of) }
	if s.db.InTx(ctx) {
		return read(ctx)
	}
	return s.atOnce.Do(ctx, of, read)
}

func (s *Store) readShared(ctx context.Context, of agentOf) (connection, error) {
	found := connection{all: true}
	err := s.connected.Rows(ctx, func(row *sql.Rows) error {
		var c ranking.Corpus
		var shares bool
		if err := row.Scan(&c.ID, &c.Version, &c.Passages, &c.Length, &shares); err != nil {
			return err
		}
		found.corpora, found.all = append(found.corpora, c), found.all && shares
		return nil
	}, of.organization, of.agent)
	if err != nil {
		return connection{}, fmt.Errorf("reading what is connected: %w", err)
	}
	return found, nil
}

func (s *Store) searchable(ctx context.Context, v access.VisibleCorpora, agentID int64, more []int64) ([]ranking.Corpus, error) {
	columns := func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.TableExpr("corpora_corpora AS c").Join("JOIN corpora_statistics AS s ON s.corpus_id = c.id").ColumnExpr("c.id, s.version, s.passages, s.length")
	}
	mine := func(q *bun.SelectQuery) *bun.SelectQuery { return sqldb.Apply(q, visible(v)...) }
	own := mine(columns(s.db.On(ctx).NewSelect()).Where("c.id IN (?)", bun.List(more)))
	q := own
	if agentID != 0 {
		q = columns(s.db.On(ctx).NewSelect()).Join("JOIN corpora_connections AS n ON n.corpus_id = c.id").
			Where("n.organization_id = ? AND n.agent_id = ? AND n.is_enabled = ?", v.OrganizationID, agentID, true).ApplyQueryBuilder(present(v)).
			WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
				return q.Where("n.shares_content = ?", true).WhereGroup(" OR ", mine)
			})
		if len(more) > 0 {
			q = q.Union(own)
		}
	}
	var out []ranking.Corpus
	if err := q.Scan(ctx, &out); err != nil {
		return nil, fmt.Errorf("reading what may be searched: %w", err)
	}
	slices.SortFunc(out, func(a, b ranking.Corpus) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// versioned is a row of a statement that answers, in one snapshot, the
// versions of corpora and what was found in them. A row of versions has no
// term.
type versioned struct {
	CorpusID int64
	Term     string
	N        int64  // the version, or a number of passages
	Data     string // postings
}

// snapshot runs a query for (corpus_id, term, n, data) together with the
// versions of the corpora.
func (s *Store) snapshot(ctx context.Context, corpora []int64, found *bun.SelectQuery) ([]versioned, ranking.Versions, error) {
	var rows []versioned
	err := s.db.On(ctx).
		NewSelect().
		TableExpr("corpora_statistics").
		ColumnExpr("corpus_id, '' AS term, version AS n, '' AS data").
		Where("corpus_id IN (?)", bun.List(corpora)).
		UnionAll(found).
		Scan(ctx, &rows)
	if err != nil {
		return nil, nil, err
	}
	versions := make(ranking.Versions, len(corpora))
	out := rows[:0]
	for _, r := range rows {
		if r.Term == "" {
			versions[r.CorpusID] = r.N
		} else {
			out = append(out, r)
		}
	}
	return out, versions, nil
}

// Postings implements ranking.Source. The database hands the postings over,
// one row for each term, and they are scored by the program: adding them up in
// SQL takes six to ten times as long, and databases don't add in the same
// order.
func (s *Store) Postings(ctx context.Context, corpora []int64, terms []string, most int) ([]ranking.Postings, ranking.Versions, error) {
	rows, versions, err := s.postings(ctx, corpora, terms, most)
	if err != nil {
		return nil, nil, fmt.Errorf("reading postings: %w", err)
	}
	out, err := unpackAll(rows, most)
	return out, versions, err
}

// Whole implements ranking.Source.
func (s *Store) Whole(ctx context.Context, corpora []int64, most int) ([]ranking.Postings, ranking.Versions, error) {
	rows, versions, err := s.whole(ctx, corpora, most)
	if err != nil {
		return nil, nil, fmt.Errorf("reading whole indexes: %w", err)
	}
	out, err := unpackAll(rows, math.MaxInt)
	return out, versions, err
}

func (s *Store) whole(ctx context.Context, corpora []int64, most int) ([]versioned, ranking.Versions, error) {
	if s.db.Postgres() {
		return s.keptSnapshot(ctx, wholeOf, corpora, int64(most))
	}
	return s.snapshot(ctx, corpora, s.db.NewSelect().TableExpr("corpora_postings").
		ColumnExpr("corpus_id, term, CAST(sum(passages) AS BIGINT), group_concat(data, '')").
		Where("corpus_id IN (?)", bun.List(corpora)).Where(live, bun.List(corpora)).
		Where("corpus_id IN (SELECT corpus_id FROM corpora_statistics WHERE corpus_id IN (?) AND length <= ?)", bun.List(corpora), most).GroupExpr("corpus_id, term"))
}

// unpackAll answers the postings of rows that have no more passages than most.
func unpackAll(rows []versioned, most int) ([]ranking.Postings, error) {
	out := make([]ranking.Postings, len(rows))
	for i, r := range rows {
		out[i] = ranking.Postings{Corpus: r.CorpusID, Term: r.Term, DF: int(r.N)}
		if r.N > int64(most) {
			continue
		}
		list := make([]ranking.Posting, 0, r.N)
		if err := unpack(r.Data, func(p ranking.Posting) { list = append(list, p) }); err != nil {
			return nil, fmt.Errorf("reading the postings of %q: %w", r.Term, err)
		}
		slices.SortFunc(list, func(a, b ranking.Posting) int { return cmp.Compare(a.Passage, b.Passage) })
		out[i].List = list
	}
	return out, nil
}

func (s *Store) postings(ctx context.Context, corpora []int64, terms []string, most int) ([]versioned, ranking.Versions, error) {
	if s.db.Postgres() {
		return s.gatheredPostings(ctx, corpora, terms, most)
	}
	return s.snapshot(ctx, corpora, s.db.NewSelect().TableExpr("corpora_postings").
		ColumnExpr("corpus_id, term, CAST(sum(passages) AS BIGINT), CASE WHEN sum(passages) <= ? THEN group_concat(data, '') ELSE '' END", most).
		Where("corpus_id IN (?) AND term IN (?)", bun.List(corpora), bun.List(terms)).Where(live, bun.List(corpora)).GroupExpr("corpus_id, term"))
}

// Vocabulary implements ranking.Source. Both databases compare terms byte by
// byte, so the terms with a prefix are one range of the index.
func (s *Store) Vocabulary(ctx context.Context, corpora []int64, prefix string, shortest, longest, limit int) ([]ranking.TermCount, ranking.Versions, error) {
	q := s.db.NewSelect().TableExpr("corpora_postings").ColumnExpr("term, CAST(sum(passages) AS BIGINT) AS df").Where("corpus_id IN (?)", bun.List(corpora))
	if prefix != "" {
		q = q.Where("term >= ? AND term < ?", prefix, prefix+"\U0010ffff")
	}
	q = q.Where("octet_length(term) BETWEEN ? AND ?", shortest, longest).
		Where(live, bun.List(corpora)).
		GroupExpr("term").
		OrderExpr("df DESC, term").
		Limit(int64(limit))
	rows, versions, err := s.snapshot(ctx, corpora, s.db.NewSelect().TableExpr("(?) AS commonest", q).ColumnExpr("0, term, df, ''"))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the vocabulary: %w", err)
	}
	out := make([]ranking.TermCount, len(rows))
	for i, r := range rows {
		out[i] = ranking.TermCount{Term: r.Term, DF: int(r.N)}
	}
	slices.SortFunc(out, func(a, b ranking.TermCount) int { return cmp.Or(cmp.Compare(b.DF, a.DF), cmp.Compare(a.Term, b.Term)) })
	return out, versions, nil
}

// Passages implements ranking.Source.
func (s *Store) Passages(ctx context.Context, corpora []int64, ids []int64) ([]ranking.Passage, error) {
	rows, err := s.gatheredPassages(ctx, corpora, ids)
	if err != nil {
		return nil, fmt.Errorf("reading passages: %w", err)
	}
	return passagesOf(rows)
}

func (s *Store) passages(ctx context.Context, corpora []int64, ids []int64) ([]passageRow, error) {
	rows := []passageRow{}
	err := s.db.On(ctx).NewSelect().Model(&rows).Where("id IN (?) AND corpus_id IN (?) AND is_live", bun.List(ids), bun.List(corpora)).Scan(ctx)
	return rows, err
}
