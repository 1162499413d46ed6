// Package memstore keeps corpora, and the index that questions search, in
// memory, for tests.
package memstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// Store implements core.Store. A unit that fails takes everything back but
// passages that it made visible; no test should need that.
type Store struct {
	*ranking.Memory // what questions see
	db              *memory.DB
	corpora         *memory.Table[core.Corpus]
	documents       *memory.Table[core.Document]
	connections     *memory.Table[core.Connection]
	permissions     *memory.Table[core.Permission]
	staged          *memory.Table[passage]
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		Memory: ranking.NewMemory(),
		db:     db,
		corpora: memory.NewTable(db, memory.Spec[core.Corpus]{
			ID:     func(c *core.Corpus) *int64 { return &c.ID },
			Unique: []func(core.Corpus) string{nameKey}, Taken: core.ErrNameTaken, Missing: core.ErrNotFound,
		}),
		documents: memory.NewTable(db, memory.Spec[core.Document]{
			ID:      func(d *core.Document) *int64 { return &d.ID },
			Missing: core.ErrDocumentNotFound,
			Unique: []func(core.Document) string{
				claims("name", func(d core.Document) string { return d.ClaimedName }),
				claims("content", func(d core.Document) string { return d.ClaimedContent }),
			},
			Taken: core.ErrDuplicate,
		}),
		connections: memory.NewTable(db, memory.Spec[core.Connection]{
			ID:     func(c *core.Connection) *int64 { return &c.ID },
			Unique: []func(core.Connection) string{func(c core.Connection) string { return fmt.Sprint(c.AgentID, c.CorpusID) }},
			Taken:  core.ErrConnected, Missing: core.ErrNotConnected,
		}),
		permissions: memory.NewTable(db, memory.Spec[core.Permission]{
			ID:     func(p *core.Permission) *int64 { return &p.ID },
			Unique: []func(core.Permission) string{func(p core.Permission) string { return fmt.Sprint(p.CorpusID, p.UserID, p.TeamID) }},
			Taken:  core.ErrOwnerFixed, Missing: core.ErrNotFound,
		}),
		staged: memory.NewTable(db, memory.Spec[passage]{ID: func(p *passage) *int64 { return &p.ID }}),
	}
}

func nameKey(c core.Corpus) string {
	if c.IsDeleted {
		return ""
	}
	return fmt.Sprintf("%d/%s", c.OwnerID, strings.ToLower(c.Name))
}

// AddCorpus implements core.Store.
func (s *Store) AddCorpus(ctx context.Context, c core.Corpus) (core.Corpus, error) {
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		if c, err = s.corpora.Add(ctx, c); err != nil {
			return err
		}
		_, err = s.permissions.Add(
			ctx,
			core.Permission{OrganizationID: c.OrganizationID, CorpusID: c.ID, UserID: c.OwnerID, Role: access.CorpusOwner, Audit: c.Audit},
		)
		return err
	})
	return c, err
}

// granted answers a corpus with the grants of the user of v.
func (s *Store) granted(ctx context.Context, v access.VisibleCorpora, c core.Corpus) (core.Corpus, error) {
	theirs, err := s.permissions.List(ctx, func(p core.Permission) bool {
		return p.CorpusID == c.ID && p.Role != access.CorpusOwner && (p.UserID != 0 && p.UserID == v.UserID || p.TeamID != 0 && slices.Contains(v.Teams, p.TeamID))
	})
	for _, p := range theirs {
		c.Grants = append(c.Grants, access.CorpusGrant{UserID: p.UserID, TeamID: p.TeamID, Role: p.Role})
	}
	return c, err
}

// shown answers those of the corpora that v shows, with their grants.
func (s *Store) shown(ctx context.Context, v access.VisibleCorpora, match func(core.Corpus) bool) ([]core.Corpus, error) {
	all, err := s.corpora.List(ctx, match)
	if err != nil {
		return nil, err
	}
	out := []core.Corpus{}
	for _, c := range all {
		if c, err = s.granted(ctx, v, c); err != nil {
			return nil, err
		}
		if v.Shows(c.Resource()) {
			out = append(out, c)
		}
	}
	return out, nil
}

// Corpus implements core.Store.
func (s *Store) Corpus(ctx context.Context, v access.VisibleCorpora, id int64) (core.Corpus, error) {
	found, err := s.shown(ctx, v, func(c core.Corpus) bool { return c.ID == id })
	if err != nil {
		return core.Corpus{}, err
	}
	if len(found) == 0 {
		return core.Corpus{}, core.ErrNotFound
	}
	return found[0], nil
}

// UpdateCorpus implements core.Store.
func (s *Store) UpdateCorpus(ctx context.Context, org, id int64, change func(*core.Corpus) error) (core.Corpus, error) {
	return s.corpora.Update(ctx, change, func(c core.Corpus) bool { return c.ID == id && c.OrganizationID == org && !c.IsDeleted })
}

// CorporaPage implements core.Store.
func (s *Store) CorporaPage(ctx context.Context, v access.VisibleCorpora, p page.Request) (page.Of[core.Corpus], error) {
	found, err := s.shown(ctx, v, func(core.Corpus) bool { return true })
	if err != nil {
		return page.Of[core.Corpus]{}, err
	}
	for i := range found {
		found[i].Grants = nil
	}
	return memory.Page(found, p, false, core.ByID[core.Corpus])
}

// CountDocuments implements core.Store.
func (s *Store) CountDocuments(ctx context.Context, corpora []int64) (map[int64]int64, error) {
	counts := make(map[int64]int64, len(corpora))
	for _, id := range corpora {
		n, err := s.documents.Count(ctx, func(d core.Document) bool { return d.CorpusID == id })
		if err != nil {
			return nil, err
		}
		counts[id] = n
	}
	return counts, nil
}

// PassCorpora implements core.Store.
func (s *Store) PassCorpora(ctx context.Context, org, from, to int64) error {
	if from == to {
		return nil
	}
	theirs, err := s.corpora.List(ctx, func(c core.Corpus) bool { return c.OrganizationID == org && c.OwnerID == from })
	if err != nil {
		return err
	}
	for _, c := range theirs {
		if _, err := s.permissions.Delete(ctx, func(p core.Permission) bool { return p.CorpusID == c.ID && p.UserID == to }); err != nil {
			return err
		}
		own := func(p core.Permission) bool { return p.CorpusID == c.ID && p.Role == access.CorpusOwner }
		if _, err := s.permissions.Update(ctx, func(p *core.Permission) error { p.UserID = to; return nil }, own); err != nil {
			return err
		}
		clashes, err := s.corpora.Count(ctx, func(o core.Corpus) bool { return o.OwnerID == to && !o.IsDeleted && strings.EqualFold(o.Name, c.Name) })
		if err != nil {
			return err
		}
		pass := func(c *core.Corpus) error {
			if c.OwnerID = to; clashes > 0 {
				c.Name = fmt.Sprintf("%s (%d)", c.Name, c.ID)
			}
			return nil
		}
		if _, err := s.corpora.Update(ctx, pass, func(o core.Corpus) bool { return o.ID == c.ID }); err != nil {
			return err
		}
	}
	return nil
}

// Searchable implements core.Store.
func (s *Store) Searchable(ctx context.Context, v access.VisibleCorpora, agentID int64, more []int64) ([]ranking.Corpus, error) {
	through, err := s.connections.List(ctx, func(n core.Connection) bool {
		return agentID != 0 && n.OrganizationID == v.OrganizationID && n.AgentID == agentID && n.IsEnabled
	})
	if err != nil {
		return nil, err
	}
	visible, err := s.shown(ctx, v, func(core.Corpus) bool { return true })
	if err != nil {
		return nil, err
	}
	found, err := s.corpora.List(ctx, func(c core.Corpus) bool {
		shared := slices.ContainsFunc(through, func(n core.Connection) bool { return n.CorpusID == c.ID && n.SharesContent })
		connected := slices.ContainsFunc(through, func(n core.Connection) bool { return n.CorpusID == c.ID })
		mine := slices.ContainsFunc(visible, func(o core.Corpus) bool { return o.ID == c.ID })
		return c.OrganizationID == v.OrganizationID && !c.IsDeleted && (shared || (connected || slices.Contains(more, c.ID)) && mine)
	})
	ids := make([]int64, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	slices.Sort(ids)
	return s.Memory.Corpora(ids...), err
}
