package core

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/chunking"
	"parley/modules/corpora/internal/core/document"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/uow"
)

// How documents are indexed.
const (
	workers     = 2                // documents that one process indexes at a time
	claimFor    = 2 * time.Minute  // how long a claim survives its process
	lookEvery   = 2 * time.Second  // for documents, without being woken
	small       = 64               // passages of a document that is stored as it is finished
	stageSize   = 2000             // passages that are in memory with their terms
	maxAttempts = 3                // before a document that takes its process down is given up
	maxDocument = 10 * time.Minute // that one document may take
)

// Wake makes the indexer look at once. It never blocks.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Work indexes what waits, until ctx ends.
func (s *Service) Work(ctx context.Context) {
	if err := s.Recover(ctx); err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "giving back the claims of dead processes", "error", err)
	}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() { s.work(ctx) })
	}
	group.Wait()
}

// Recover gives back the claims of dead processes at the start of this one,
// so that their documents don't wait until the claims are over.
func (s *Service) Recover(ctx context.Context) error {
	if s.Peers == nil {
		return nil
	}
	claimants, err := s.Store.Claimants(ctx)
	if err != nil {
		return err
	}
	dead, err := s.Peers.Dead(ctx, claimants)
	if err != nil || len(dead) == 0 {
		return err
	}
	return s.Store.Release(ctx, dead)
}

func (s *Service) work(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for ctx.Err() == nil {
		found, err := s.indexNext(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "indexing", "error", err)
		}
		if found && err == nil {
			s.Wake() // whoever sleeps may find more
			continue
		}
		select {
		case <-s.wake:
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// indexNext indexes one document and reports whether one waited.
func (s *Service) indexNext(ctx context.Context) (bool, error) {
	now := s.Clock.Now()
	d, found, err := s.Store.Claim(ctx, s.Owner, now, now.Add(claimFor))
	if err != nil || !found {
		return false, err
	}
	limited, stop := context.WithTimeout(ctx, maxDocument)
	defer stop()
	last, err := s.index(limited, &d)
	switch {
	case err == nil:
		d.Step, d.FailureReason = Completed, nil
	case errors.Is(err, ErrClaimLost), ctx.Err() != nil:
		return true, err // somebody else's, or left to the next start
	default:
		reason, again := s.Extractor.Reason(err)
		if again && d.Attempts < maxAttempts {
			return true, err // claimed again when the claim is over
		}
		if clearing := s.clear(ctx, d); clearing != nil {
			return true, errors.Join(err, clearing)
		}
		d.Step, d.FailureReason, d.ChunkCount = Failed, &reason, 0
		s.Log.InfoContext(ctx, "a document could not be indexed", "document", d.ID, "error", err)
	}
	return true, s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		d.ModifiedOn = s.Clock.Now()
		done, err := s.Store.Finish(ctx, d, last)
		if err != nil {
			return err
		}
		tx.Publish(corpora.DocumentIndexed{DocumentID: done.ID, CorpusID: done.CorpusID, OrganizationID: done.OrganizationID, UserID: done.UserID, Step: string(done.Step), ChunkCount: done.ChunkCount})
		return nil
	})
}

// index extracts, cuts and stages one claimed document. The passages of a
// small one it answers instead: one transaction stores and shows them.
func (s *Service) index(ctx context.Context, d *Document) (last []Indexed, err error) {
	if d.Attempts > maxAttempts {
		return nil, errGivenUp
	}
	if d.Attempts > 1 { // what an earlier attempt left behind
		if err := s.clear(ctx, *d); err != nil {
			return nil, err
		}
	}
	text, err := s.extract(ctx, *d)
	if err != nil {
		return nil, err
	}
	d.MimeType, d.PageCount, d.Warnings = text.MIME, text.PageCount, text.Warnings
	if text.Title == "" {
		text.Title = strings.TrimSuffix(d.Name, path.Ext(d.Name))
	}
	passages, _ := chunking.Passages(text)
	d.ChunkCount = len(passages)
	indexer := ranking.NewIndexer()
	for part := range slices.Chunk(passages, stageSize) {
		indexed := make([]Indexed, len(part))
		for i, p := range part {
			e := indexer.Entry(p.Title, p.Text)
			indexed[i] = Indexed{Number: p.Number, Title: p.Title, Text: p.Text, Page: p.Page, Terms: e.Terms, Length: e.Length}
		}
		if len(passages) <= small {
			return indexed, nil
		}
		if err := s.Store.Stage(ctx, *d, indexed, s.Clock.Now().Add(claimFor)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *Service) extract(ctx context.Context, d Document) (document.Extracted, error) {
	file, size, err := s.Files.Open(ctx, d.BlobKey)
	if err != nil {
		return document.Extracted{}, fmt.Errorf("opening the file of document %d: %w", d.ID, err)
	}
	defer file.Close()
	hint := d.Name
	if d.ContentType == "text" && path.Ext(hint) == "" {
		hint += ".md" // plain text reads the same as Markdown, and headings help
	}
	return s.Extractor.Extract(ctx, file, size, hint)
}

// clear removes what is staged of a claimed document.
func (s *Service) clear(ctx context.Context, d Document) error {
	for {
		if done, err := s.Store.Clear(ctx, d, s.Clock.Now().Add(claimFor)); done || err != nil {
			return err
		}
	}
}

var errGivenUp = errors.New("the document ended its process several times")
