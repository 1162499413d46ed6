package memstore

import (
	"context"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/uow"
)

// passage waits for its document to be completed.
type passage struct {
	ID, DocumentID int64
	core.Indexed
}

func open(d core.Document) bool {
	return d.Step == core.Pending || d.Step == core.Extracting || d.Step == core.Indexing
}

// Begin implements core.Index.
func (s *Store) Begin(ctx context.Context, id int64) (before core.Document, err error) {
	_, err = s.documents.Update(ctx, func(d *core.Document) error {
		if before = *d; d.Step != core.Completed {
			d.Step, d.FailureReason = core.Extracting, nil
		}
		return nil
	}, func(d core.Document) bool { return d.ID == id })
	return before, err
}

// held runs fn in one unit, as long as hold allows it.
func (s *Store) held(ctx context.Context, hold core.Hold, fn func(ctx context.Context) error) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := hold(ctx); err != nil {
			return err
		}
		return fn(ctx)
	})
}

// Clear implements core.Index.
func (s *Store) Clear(ctx context.Context, documentID int64, hold core.Hold) (bool, error) {
	err := s.held(ctx, hold, func(ctx context.Context) error {
		_, err := s.staged.Delete(ctx, func(p passage) bool { return p.DocumentID == documentID })
		return err
	})
	return err == nil, err
}

// Stage implements core.Index.
func (s *Store) Stage(ctx context.Context, d core.Document, passages []core.Indexed, hold core.Hold) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := s.documents.Update(ctx, func(d *core.Document) error {
			if d.Step != core.Completed {
				d.Step = core.Indexing
			}
			return nil
		}, func(o core.Document) bool { return o.ID == d.ID })
		if err := hold.After(ctx, err); err != nil {
			return err
		}
		return s.stage(ctx, d.ID, passages)
	})
}

func (s *Store) stage(ctx context.Context, documentID int64, passages []core.Indexed) error {
	for _, p := range passages {
		if _, err := s.staged.Add(ctx, passage{DocumentID: documentID, Indexed: p}); err != nil {
			return err
		}
	}
	return nil
}

// Finish implements core.Index.
func (s *Store) Finish(ctx context.Context, ended core.Document, last []core.Indexed, hold core.Hold) (core.Document, error) {
	d, err := s.documents.Update(ctx, func(d *core.Document) error {
		d.Step, d.FailureReason, d.PageCount = ended.Step, ended.FailureReason, ended.PageCount
		d.MimeType, d.Charset, d.ModifiedOn, d.Warnings = ended.MimeType, ended.Charset, ended.ModifiedOn, ended.Warnings
		if d.Step == core.Failed {
			d.ClaimedName, d.ClaimedContent = "", ""
		} else {
			d.ChunkCount, d.IndexVersion = ended.ChunkCount, core.IndexVersion
		}
		return nil
	}, func(d core.Document) bool { return d.ID == ended.ID })
	if err = hold.After(ctx, err); err != nil || d.Step != core.Completed {
		return d, err
	}
	if err := s.stage(ctx, d.ID, last); err != nil {
		return d, err
	}
	shown, err := s.staged.Delete(ctx, func(p passage) bool { return p.DocumentID == d.ID })
	before := s.VectorsOf(d.ID)
	s.RemoveDocument(d.ID)
	defer func() { s.PassVectors(d.ID, before) }()
	for _, p := range shown {
		s.Add(ranking.Passage{ID: p.ID, Corpus: d.CorpusID, Document: d.ID, Number: p.Number, Page: p.Page, Title: p.Title, Text: p.Text, Sections: p.Sections})
	}
	return d, err
}

// Unfinished implements core.Index.
func (s *Store) Unfinished(ctx context.Context, after int64, limit int) ([]core.Document, error) {
	found, err := s.documents.List(ctx, func(d core.Document) bool { return open(d) && d.ID > after })
	return found[:min(len(found), limit)], err
}

// StaleCorpora implements core.Index.
func (s *Store) StaleCorpora(ctx context.Context, after int64, limit int) ([]core.Corpus, error) {
	documents, err := s.documents.List(ctx, core.Document.IsStale)
	if err != nil {
		return nil, err
	}
	with := map[int64]bool{}
	for _, d := range documents {
		with[d.CorpusID] = true
	}
	found, err := s.corpora.List(ctx, func(c core.Corpus) bool { return c.ID > after && !c.IsDeleted && with[c.ID] })
	out := make([]core.Corpus, min(len(found), limit))
	for i := range out {
		out[i] = core.Corpus{ID: found[i].ID, OrganizationID: found[i].OrganizationID}
	}
	return out, err
}

// Stale implements core.Index.
func (s *Store) Stale(ctx context.Context, corpusID int64, limit int) ([]core.Document, error) {
	found, err := s.documents.List(ctx, func(d core.Document) bool { return d.CorpusID == corpusID && d.IsStale() })
	return found[:min(len(found), limit)], err
}

// Outdated implements core.Index: what is in memory was made by this version.
func (s *Store) Outdated(context.Context, int64, int) ([]core.Corpus, error) { return nil, nil }

// Renew implements core.Index.
func (s *Store) Renew(context.Context, int64, core.Hold) (bool, error) { return true, nil }

// CorporaAfter implements core.Vectors.
func (s *Store) CorporaAfter(ctx context.Context, after int64, limit int) ([]core.Corpus, error) {
	found, err := s.corpora.List(ctx, func(c core.Corpus) bool { return c.ID > after && !c.IsDeleted })
	return found[:min(len(found), limit)], err
}

// Unembedded implements core.Vectors.
func (s *Store) Unembedded(_ context.Context, corpusID, documentID int64, model string, after int64, limit int) ([]ranking.Passage, error) {
	return s.Memory.Unembedded(corpusID, documentID, model, after, limit), nil
}

// AddVectors implements core.Vectors.
func (s *Store) AddVectors(ctx context.Context, _ int64, model string, vectors []ranking.Vector, hold core.Hold) error {
	return s.held(ctx, hold, func(context.Context) error {
		s.Memory.AddVectors(model, vectors)
		return nil
	})
}

// ShowVectors implements core.Vectors: AddVectors has.
func (s *Store) ShowVectors(context.Context, int64) error { return nil }

// IndexVectors implements core.Vectors: vectors in memory are all compared.
func (s *Store) IndexVectors(context.Context, int64, string, core.Hold) (int, error) { return 0, nil }
