// Package sqlstore keeps corpora, and the index that questions search, in
// SQLite or PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"log/slog"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/cache"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the module's tables.
func Migrations() migrate.Set { return migrate.Set{Module: "corpora", Files: files} }

type corpusRow struct {
	bun.BaseModel `bun:"table:corpora_corpora,alias:c"`
	core.Corpus
}

type documentRow struct {
	bun.BaseModel `bun:"table:corpora_documents,alias:d"`
	core.Document
	NameKey string // the name as its parts are looked for
}

type connectionRow struct {
	bun.BaseModel `bun:"table:corpora_connections,alias:n"`
	core.Connection
}

// Store implements core.Store.
type Store struct {
	db          *sqldb.DB
	corpora     sqldb.Table[core.Corpus, corpusRow]
	documents   sqldb.Table[core.Document, documentRow]
	connections sqldb.Table[core.Connection, connectionRow]
	permissions sqldb.Table[core.Permission, permissionRow]
	connected   *sqldb.Stmt // connectedTo
	vectors     vectorIndex
	// On SQLite this process is the only one that writes, so what is kept is what
	// is stored. Elsewhere an event of another process would come a moment after
	// a right has ended: there those who ask at the same moment share a read.
	kept   *cache.Cache[agentOf, connection]
	atOnce sqldb.SharedReads[agentOf, connection]
	// What one question after the other needs of the index for the first time,
	// PostgreSQL is asked for at once: a statement for each would take a connection
	// each, which is slower the more there are.
	gathering
}

// New returns the store over db.
func New(db *sqldb.DB) *Store {
	s := &Store{
		db: db,
		corpora: sqldb.NewTable(db,
			func(c core.Corpus) corpusRow { return corpusRow{Corpus: c} },
			func(r corpusRow) core.Corpus { return r.Corpus }, core.ErrNotFound, core.ErrNameTaken),
		documents: sqldb.NewTable(db,
			func(d core.Document) documentRow { return documentRow{Document: d, NameKey: foldedName(d.Name)} },
			func(r documentRow) core.Document { return r.Document }, core.ErrDocumentNotFound, core.ErrDuplicate),
		connections: sqldb.NewTable(db,
			func(c core.Connection) connectionRow { return connectionRow{Connection: c} },
			func(r connectionRow) core.Connection { return r.Connection }, core.ErrNotConnected, core.ErrConnected),
		permissions: sqldb.NewTable(db, rowOf, permissionRow.permission, core.ErrNotFound, nil),
		connected:   db.Stmt(connectedTo),
		vectors:     vectorIndex{from: indexFrom, part: indexPart, log: slog.New(slog.DiscardHandler), clock: clock.System{}},
	}
	s.kept = cache.New(clock.System{}, keptCorpora, connection.weight, s.readShared)
	return s
}

// keptCorpora bounds what is kept of the corpora that agents are connected to,
// in corpora of agents.
const keptCorpora = 20_000

// visible is a condition on corpora_corpora AS c.
func visible(v access.VisibleCorpora) []sqldb.Where {
	where := []sqldb.Where{present(v)}
	if !v.All {
		where = append(where, sqldb.Cond(
			"(c.is_public = ? OR c.owner_id = ? AND c.owner_id <> 0 OR EXISTS (SELECT 1 FROM corpora_permissions AS p WHERE p.corpus_id = c.id AND ?))",
			true, v.UserID, heldBy(v)))
	}
	return where
}

// present is the part of visible that holds whatever is shared.
func present(v access.VisibleCorpora) sqldb.Where {
	return sqldb.Cond("c.organization_id = ? AND c.is_deleted = ?", v.OrganizationID, false)
}

// AddCorpus implements core.Store.
func (s *Store) AddCorpus(ctx context.Context, c core.Corpus) (core.Corpus, error) {
	err := s.db.Within(ctx, func(ctx context.Context) (err error) {
		if c, err = s.corpora.Add(ctx, c); err != nil {
			return err
		}
		_, err = s.db.On(ctx).
			NewRaw("INSERT INTO corpora_statistics (corpus_id, documents, passages, length, version) VALUES (?, 0, 0, 0, ?)", c.ID, newVersion()).
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("adding a corpus's statistics: %w", err)
		}
		_, err = s.permissions.Add(
			ctx,
			core.Permission{OrganizationID: c.OrganizationID, CorpusID: c.ID, UserID: c.OwnerID, Role: access.CorpusOwner, Audit: c.Audit},
		)
		return err
	})
	return c, err
}

// Corpus implements core.Store.
func (s *Store) Corpus(ctx context.Context, v access.VisibleCorpora, id int64) (core.Corpus, error) {
	rows := []grantedRow{}
	q := s.db.On(ctx).NewSelect().Model(&rows).ColumnExpr("c.*, p.user_id AS grant_user, p.team_id AS grant_team, p.role AS grant_role").
		Join("LEFT JOIN corpora_permissions AS p ON p.corpus_id = c.id AND p.role <> ? AND ?", access.CorpusOwner.String(), heldBy(v)).
		Where("c.id = ?", id).OrderExpr("p.id")
	if err := sqldb.Apply(q, visible(v)...).Scan(ctx); err != nil {
		return core.Corpus{}, fmt.Errorf("reading corpus %d: %w", id, err)
	}
	if len(rows) == 0 {
		return core.Corpus{}, core.ErrNotFound
	}
	c := rows[0].Corpus
	for _, r := range rows {
		if r.GrantRole != "" {
			c.Grants = append(c.Grants, access.CorpusGrant{UserID: r.GrantUser, TeamID: r.GrantTeam, Role: access.CorpusRoleNamed(r.GrantRole)})
		}
	}
	return c, nil
}

// UpdateCorpus implements core.Store.
func (s *Store) UpdateCorpus(ctx context.Context, org, id int64, change func(*core.Corpus) error) (c core.Corpus, err error) {
	err = s.changing(ctx, func(ctx context.Context) error {
		c, err = s.corpora.Update(ctx, change, sqldb.Eq("id", id), sqldb.Eq("organization_id", org), sqldb.Eq("is_deleted", false))
		return err
	})
	return c, err
}

// CorporaPage implements core.Store.
func (s *Store) CorporaPage(ctx context.Context, v access.VisibleCorpora, p page.Request) (page.Of[core.Corpus], error) {
	return s.corpora.Page(ctx, p, sqldb.Order[core.Corpus]{Key: core.ByID[core.Corpus]}, visible(v)...)
}

// CountDocuments implements core.Store.
func (s *Store) CountDocuments(ctx context.Context, corpora []int64) (map[int64]int64, error) {
	var rows []struct{ CorpusID, Documents int64 }
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_statistics").Column("corpus_id", "documents").Where("corpus_id IN (?)", bun.List(corpora)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("counting documents: %w", err)
	}
	counts := make(map[int64]int64, len(rows))
	for _, r := range rows {
		counts[r.CorpusID] = r.Documents
	}
	return counts, nil
}

// PassCorpora implements core.Store.
func (s *Store) PassCorpora(ctx context.Context, org, from, to int64) error {
	if from == to {
		return nil
	}
	if s.db.Postgres() { // by ascending id, as everybody does
		if _, err := s.db.On(ctx).
			NewRaw("SELECT 1 FROM corpora_corpora WHERE owner_id = ? AND organization_id = ? ORDER BY id FOR UPDATE", from, org).
			Exec(ctx); err != nil {
			return fmt.Errorf("locking the corpora of user %d: %w", from, err)
		}
	}
	for _, statement := range []string{
		`DELETE FROM corpora_permissions WHERE user_id = ?0 AND organization_id = ?2 AND corpus_id IN (SELECT id FROM corpora_corpora WHERE owner_id = ?1 AND organization_id = ?2)`,
		`UPDATE corpora_permissions SET user_id = ?0 WHERE user_id = ?1 AND organization_id = ?2 AND role = ?3`,
		`UPDATE corpora_corpora SET owner_id = ?0, name = CASE
			WHEN EXISTS (SELECT 1 FROM corpora_corpora AS o WHERE o.owner_id = ?0 AND NOT o.is_deleted AND lower(o.name) = lower(corpora_corpora.name))
				THEN name || ' (' || id || ')'
			ELSE name END WHERE owner_id = ?1 AND organization_id = ?2`,
	} {
		if _, err := s.db.On(ctx).NewRaw(statement, to, from, org, access.CorpusOwner.String()).Exec(ctx); err != nil {
			return fmt.Errorf("passing corpora on: %w", err)
		}
	}
	return nil
}
