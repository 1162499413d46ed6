package memstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// claims is the unique index of what documents claim in their corpus.
func claims(what string, claimed func(core.Document) string) func(core.Document) string {
	return func(d core.Document) string {
		if claimed(d) == "" {
			return ""
		}
		return fmt.Sprintf("%s of %d: %s", what, d.CorpusID, claimed(d))
	}
}

// LockCorpus implements core.Documents: units run one at a time here.
func (s *Store) LockCorpus(ctx context.Context, id int64) (int64, error) {
	if _, err := s.corpora.Get(ctx, func(c core.Corpus) bool { return c.ID == id && !c.IsDeleted }); err != nil {
		return 0, err
	}
	return s.documents.Count(ctx, func(d core.Document) bool { return d.CorpusID == id })
}

// AddDocument implements core.Documents.
func (s *Store) AddDocument(ctx context.Context, d core.Document) (core.Document, error) {
	return s.documents.Add(ctx, d)
}

// Document implements core.Documents.
func (s *Store) Document(ctx context.Context, v access.VisibleCorpora, id int64) (core.Document, error) {
	d, err := s.documents.Get(ctx, func(d core.Document) bool { return d.ID == id })
	if err != nil {
		return d, err
	}
	if _, err := s.Corpus(ctx, v, d.CorpusID); errors.Is(err, core.ErrNotFound) {
		return core.Document{}, core.ErrDocumentNotFound
	} else if err != nil {
		return core.Document{}, err
	}
	return d, nil
}

// DocumentsPage implements core.Documents.
func (s *Store) DocumentsPage(ctx context.Context, corpusID int64, f core.DocumentFilter, p page.Request) (page.Of[core.Document], error) {
	return s.documents.Page(ctx, p, false, core.ByID[core.Document], func(d core.Document) bool {
		return d.CorpusID == corpusID && (f.Step == "" || d.Step == f.Step) && (f.Tag == "" || slices.Contains(d.Tags, f.Tag)) &&
			strings.Contains(strings.ToLower(d.Name), strings.ToLower(f.Name))
	})
}

// LockDocuments implements core.Documents: a unit is alone anyway.
func (s *Store) LockDocuments(ctx context.Context, ids []int64) ([]core.Document, error) {
	return s.DocumentsByID(ctx, ids)
}

// DocumentsByID implements core.Documents.
func (s *Store) DocumentsByID(ctx context.Context, ids []int64) ([]core.Document, error) {
	return s.documents.List(ctx, func(d core.Document) bool { return slices.Contains(ids, d.ID) })
}

// UpdateDocument implements core.Documents.
func (s *Store) UpdateDocument(ctx context.Context, id int64, change func(*core.Document) error) (core.Document, error) {
	return s.documents.Update(ctx, change, func(d core.Document) bool { return d.ID == id })
}

// RemoveDocuments implements core.Documents.
func (s *Store) RemoveDocuments(ctx context.Context, corpusID int64, documents []core.Document) error {
	for _, d := range documents {
		if _, err := s.documents.Delete(ctx, func(o core.Document) bool { return o.ID == d.ID && o.CorpusID == corpusID }); err != nil {
			return err
		}
		uow.AfterCommit(ctx, func() { s.RemoveDocument(d.ID) })
	}
	return nil
}

// Twins implements core.Documents.
func (s *Store) Twins(ctx context.Context, corpusID, except int64, names, contents []string) ([]core.Twin, error) {
	all, err := s.documents.List(ctx, func(d core.Document) bool { return d.CorpusID == corpusID && d.ID != except && d.Step != core.Failed })
	if err != nil {
		return nil, err
	}
	found := []core.Twin{}
	find := func(byContent bool, value string, same func(core.Document) bool) {
		known := slices.ContainsFunc(found, func(t core.Twin) bool { return t.ByContent == byContent && t.Value == value })
		if i := slices.IndexFunc(all, same); i >= 0 && !known {
			found = append(found, core.Twin{DocumentID: all[i].ID, ByContent: byContent, Value: value})
		}
	}
	for _, name := range names {
		find(false, name, func(d core.Document) bool { return d.Name == name || d.ClaimedName == name })
	}
	for _, sum := range contents {
		find(true, sum, func(d core.Document) bool { return d.SHA256 == sum })
	}
	slices.SortFunc(found, func(a, b core.Twin) int {
		byContent := map[bool]int{true: 1}
		return cmp.Or(cmp.Compare(a.DocumentID, b.DocumentID), cmp.Compare(byContent[a.ByContent], byContent[b.ByContent]))
	})
	return found, nil
}

// Uncomposed implements core.Documents: nothing in memory is that old.
func (s *Store) Uncomposed(context.Context, int) ([]int64, error) { return nil, nil }

// Composed implements core.Documents.
func (s *Store) Composed(context.Context, []int64) error { return nil }

// RepairNames implements core.Documents: no other process writes here.
func (s *Store) RepairNames(context.Context) error { return nil }

// Existing implements core.Documents.
func (s *Store) Existing(ctx context.Context, ids []int64) (map[int64]int64, error) {
	found, err := s.documents.List(ctx, func(d core.Document) bool { return slices.Contains(ids, d.ID) })
	return maps.Collect(func(yield func(int64, int64) bool) {
		for _, d := range found {
			if !yield(d.ID, d.CorpusID) {
				return
			}
		}
	}), err
}
