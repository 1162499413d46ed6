package memstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
)

// passage waits for its document to be completed.
type passage struct {
	ID, DocumentID int64
	core.Indexed
}

func open(d core.Document) bool {
	return d.Step == core.Pending || d.Step == core.Extracting || d.Step == core.Indexing
}

// Claim implements core.Index.
func (s *Store) Claim(ctx context.Context, owner string, now, until time.Time) (core.Document, bool, error) {
	d, err := s.documents.Update(ctx, func(d *core.Document) error {
		d.Step, d.ClaimedBy, d.ClaimedUntil = core.Extracting, owner, &until
		d.Attempts++
		return nil
	}, func(d core.Document) bool { return open(d) && (d.ClaimedUntil == nil || d.ClaimedUntil.Before(now)) })
	if errors.Is(err, core.ErrDocumentNotFound) {
		return core.Document{}, false, nil
	}
	return d, err == nil, err
}

// Claimants implements core.Index.
func (s *Store) Claimants(ctx context.Context) ([]string, error) {
	claimed, err := s.documents.List(ctx, func(d core.Document) bool { return open(d) && d.ClaimedUntil != nil })
	var owners []string
	for _, d := range claimed {
		if !slices.Contains(owners, d.ClaimedBy) {
			owners = append(owners, d.ClaimedBy)
		}
	}
	return owners, err
}

// Release implements core.Index.
func (s *Store) Release(ctx context.Context, dead []string) error {
	release := func(d *core.Document) error { d.ClaimedUntil = nil; return nil }
	for {
		_, err := s.documents.Update(ctx, release, func(d core.Document) bool {
			return open(d) && slices.Contains(dead, d.ClaimedBy) && d.ClaimedUntil != nil
		})
		if errors.Is(err, core.ErrDocumentNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// updateClaimed changes a claimed document, as long as nobody has claimed it since.
func (s *Store) updateClaimed(ctx context.Context, claim core.Document, change func(*core.Document)) (core.Document, error) {
	d, err := s.documents.Update(ctx, func(d *core.Document) error { change(d); return nil }, func(d core.Document) bool {
		return d.ID == claim.ID && d.ClaimedBy == claim.ClaimedBy && d.Attempts == claim.Attempts && open(d)
	})
	if errors.Is(err, core.ErrDocumentNotFound) {
		return claim, core.ErrClaimLost
	}
	return d, err
}

func (s *Store) extendClaim(ctx context.Context, claim core.Document, step core.Step, until time.Time) error {
	_, err := s.updateClaimed(ctx, claim, func(d *core.Document) { d.Step, d.ClaimedUntil = step, &until })
	return err
}

// Clear implements core.Index.
func (s *Store) Clear(ctx context.Context, claim core.Document, until time.Time) (bool, error) {
	if err := s.extendClaim(ctx, claim, core.Extracting, until); err != nil {
		return false, err
	}
	_, err := s.staged.Delete(ctx, func(p passage) bool { return p.DocumentID == claim.ID })
	return err == nil, err
}

// Stage implements core.Index.
func (s *Store) Stage(ctx context.Context, claim core.Document, passages []core.Indexed, until time.Time) error {
	if err := s.extendClaim(ctx, claim, core.Indexing, until); err != nil {
		return err
	}
	return s.stage(ctx, claim.ID, passages)
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
func (s *Store) Finish(ctx context.Context, claim core.Document, last []core.Indexed) (core.Document, error) {
	d, err := s.updateClaimed(ctx, claim, func(d *core.Document) {
		d.Step, d.FailureReason, d.ChunkCount, d.PageCount = claim.Step, claim.FailureReason, claim.ChunkCount, claim.PageCount
		d.MimeType, d.ModifiedOn, d.ClaimedUntil = claim.MimeType, claim.ModifiedOn, nil
		d.Warnings = slices.Clone(claim.Warnings)
	})
	if err != nil || d.Step != core.Completed {
		return d, err
	}
	if err := s.stage(ctx, d.ID, last); err != nil {
		return d, err
	}
	shown, err := s.staged.Delete(ctx, func(p passage) bool { return p.DocumentID == d.ID })
	for _, p := range shown {
		s.Add(ranking.Passage{ID: p.ID, Corpus: d.CorpusID, Document: d.ID, Number: p.Number, Page: p.Page, Title: p.Title, Text: p.Text})
	}
	return d, err
}
