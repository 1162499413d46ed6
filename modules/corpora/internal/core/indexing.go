package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/chunking"
	"parley/modules/corpora/internal/core/document"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// How documents are indexed.
const (
	places      = 2                // documents that one process indexes at a time
	small       = 64               // passages of a document that is stored as it is finished
	stageSize   = 2000             // passages that are in memory with their terms
	maxAttempts = 3                // before a document is given up
	maxDocument = 10 * time.Minute // that one document may take
	adoptSize   = 500              // documents that are put into the queue at once

	cleanupAttempts = 20        // before an operator must look why something can't be removed
	maxCleanup      = time.Hour // that one piece of cleaning up may take
)

// indexKind is the kind of the jobs that index a document.
const indexKind = "corpora.index"

// indexJob takes a place of the organization's share; its key is the document
// with its revision, so that a cancelled job is not in the way of the next.
func indexJob(d Document) work.Job {
	key := strconv.FormatInt(d.ID, 10)
	if d.Revision > 0 {
		key = fmt.Sprintf("%d/%d", d.ID, d.Revision)
	}
	return work.Job{Kind: indexKind, Tenant: d.OrganizationID, Key: key}
}

// documentOf reads the key of an index job.
func documentOf(j work.Job) (id int64, revision int, err error) {
	first, second, later := strings.Cut(j.Key, "/")
	id, err = strconv.ParseInt(first, 10, 64)
	if err == nil && later {
		revision, err = strconv.Atoi(second)
	}
	return id, revision, err
}

// Kinds are the kinds of work of this module.
func (s *Service) Kinds() []work.Kind {
	kinds := []work.Kind{
		{Name: indexKind, Concurrency: places, MaxAttempts: maxAttempts, Timeout: maxDocument, Work: s.index, GiveUp: s.giveUp},
		{Name: staleKind, Concurrency: 1, MaxAttempts: maxAttempts, Timeout: maxDocument, Work: s.readStale, TriedAnew: true},
		{Name: renewKind, Concurrency: 1, MaxAttempts: maxAttempts, Timeout: maxDocument, Work: s.renew, TriedAnew: true},
		{Name: emptyKind, Concurrency: 1, MaxAttempts: cleanupAttempts, Timeout: maxCleanup, Work: s.empty},
		{Name: eraseKind, Concurrency: 1, MaxAttempts: cleanupAttempts, Timeout: maxCleanup, Work: s.erase},
		{Name: refreshKind, Concurrency: 1, MaxAttempts: maxAttempts, Timeout: maxDocument, Work: s.refresh, TriedAnew: true},
	}
	if s.embedder != nil {
		kinds = append(kinds, work.Kind{Name: embedKind, Concurrency: 1, MaxAttempts: maxAttempts, Timeout: maxDocument, Work: s.embed, TriedAnew: true})
	}
	return kinds
}

// Adopt sees to what an older version has left: it composes and repairs names, tells what
// agents are connected to, and puts into the queue documents that wait without
// a job, corpora whose words are read differently now, and corpora with
// documents whose files are. With an embedding
// model, all corpora are looked through for passages without vectors.
func (s *Service) Adopt(ctx context.Context) error {
	if err := s.adoptNames(ctx); err != nil {
		return err
	}
	if err := s.Store.RepairNames(ctx); err != nil {
		return err
	}
	if err := s.adoptCorpusNames(ctx); err != nil {
		return err
	}
	if err := s.adoptConnections(ctx); err != nil {
		return err
	}
	if err := s.adoptDocuments(ctx); err != nil {
		return err
	}
	if err := s.adoptCorpora(ctx); err != nil {
		return err
	}
	if err := s.adoptStale(ctx); err != nil {
		return err
	}
	return s.adoptVectors(ctx)
}

func (s *Service) adoptDocuments(ctx context.Context) error {
	for after := int64(0); ; {
		waiting, err := s.Store.Unfinished(ctx, after, adoptSize)
		if err != nil || len(waiting) == 0 {
			return err
		}
		jobs := make([]work.Job, len(waiting))
		for i, d := range waiting {
			jobs[i] = indexJob(d)
			after = d.ID
		}
		if err := s.Queue.Put(ctx, jobs...); err != nil {
			return err
		}
	}
}

// index does one job: extract, cut, stage and show one document.
func (s *Service) index(ctx context.Context, c work.Claim) error {
	d, found, err := s.begin(ctx, c)
	if err != nil || !found {
		return err
	}
	anew := c.Job().Payload == readAnew
	if d.ContentType == linkType && (d.BlobKey == "" || c.Job().Payload == fetchAgain) {
		d, err = s.fetch(ctx, d, c.Hold)
	}
	var last []Indexed
	if err == nil {
		last, err = s.prepare(ctx, &d, c.Hold)
	}
	if err == nil && anew {
		return s.completeAnew(ctx, d, last, c)
	}
	if err == nil {
		d.Step = Completed
		return s.complete(ctx, d, last, c)
	}
	if ctx.Err() != nil || errors.Is(err, work.ErrLost) || errors.Is(err, work.ErrCancelled) {
		return err
	}
	reason, again := s.reason(err)
	if again {
		return err
	}
	if anew {
		return s.keepOld(ctx, d, c, err)
	}
	s.Log.InfoContext(ctx, "a document could not be indexed", "document", d.ID, "error", err)
	return s.fail(ctx, d, reason, c.Hold, c.Finish)
}

// giveUp fails a document that trouble on the server kept from being indexed.
// Its job stays, dead, until an operator retries it.
func (s *Service) giveUp(ctx context.Context, c work.Claim, cause error) error {
	d, found, err := s.begin(ctx, c)
	if err != nil || !found {
		return err
	}
	if c.Job().Payload == readAnew {
		return s.keepOld(ctx, d, c, cause)
	}
	reason, _ := s.reason(cause)
	return s.fail(ctx, d, reason, c.Hold, c.MarkDead)
}

// begin answers the document of a job, cleared of what an earlier attempt
// left behind, and false when there is nothing to do any more.
func (s *Service) begin(ctx context.Context, c work.Claim) (d Document, found bool, err error) {
	id, revision, err := documentOf(c.Job())
	if err != nil {
		return d, false, work.Permanent(fmt.Errorf("reading which document a job is about: %w", err))
	}
	if c.Job().Payload == readAnew {
		return s.beginAnew(ctx, id, revision, c)
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		d, err = s.Store.Begin(ctx, id)
		return Hold(c.Hold).After(ctx, err)
	})
	if errors.Is(err, ErrDocumentNotFound) || err == nil && d.Revision != revision {
		return d, false, nil
	}
	// Of a later revision something may be left of what it took the place of.
	if err == nil && (d.Revision > 0 || d.Step != Pending && d.Step != Completed) {
		err = s.clear(ctx, d, c.Hold)
	}
	done := d.Step == Completed
	d.FailureReason = nil
	return d, err == nil && !done, err
}

// complete shows the text of a document in place of the one before it, which
// then goes, too.
func (s *Service) complete(ctx context.Context, d Document, last []Indexed, c work.Claim) error {
	if d.Revision == 0 {
		return s.end(ctx, d, last, c.Hold, c.Finish)
	}
	if err := s.end(ctx, d, last, c.Hold, c.Hold); err != nil {
		return err
	}
	return s.clear(ctx, d, c.Hold)
}

// reason is the sentence for the owner of a document, and whether trying again
// could help.
func (s *Service) reason(err error) (sentence string, again bool) {
	if fetch, ok := errors.AsType[*FetchError](err); ok {
		return fetch.Sentence, fetch.Again
	}
	return s.Extractor.Reason(err)
}

// prepare extracts, cuts and stages one document. The passages of a small one
// it answers instead: one transaction stores and shows them.
func (s *Service) prepare(ctx context.Context, d *Document, hold Hold) (last []Indexed, err error) {
	text, err := s.extract(ctx, *d)
	if err != nil {
		d.MimeType = cmp.Or(text.MIME, d.MimeType)
		return nil, err
	}
	d.MimeType, d.Charset, d.PageCount, d.Warnings = text.MIME, text.Charset, text.PageCount, text.Warnings
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
			indexed[i] = Indexed{Number: p.Number, Title: p.Title, Text: p.Text, Page: p.Page, Terms: e.Terms, Length: e.Length, Sections: p.Sections}
		}
		if len(passages) <= small {
			return indexed, nil
		}
		if err := s.Store.Stage(ctx, *d, indexed, hold); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// fail ends the work on a document without the passages of this source. Its
// number of passages stays that of the text that questions still find.
func (s *Service) fail(ctx context.Context, d Document, reason string, hold Hold, end func(context.Context) error) error {
	if err := s.clear(ctx, d, hold); err != nil {
		return err
	}
	d.Step, d.FailureReason = Failed, &reason
	return s.end(ctx, d, nil, hold, end)
}

// end stores the outcome together with the end of the job, unless the job was
// cancelled because the document changed or is gone.
func (s *Service) end(ctx context.Context, d Document, last []Indexed, hold Hold, end func(context.Context) error) error {
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		d.ModifiedOn = s.Clock.Now()
		done, err := s.Store.Finish(ctx, d, last, func(ctx context.Context) error {
			if err := hold(ctx); err != nil {
				return err
			}
			return end(ctx)
		})
		if err != nil {
			return err
		}
		if done.Step == Completed {
			if err := s.embedDocument(ctx, done); err != nil {
				return err
			}
		}
		if done.ContentType == linkType && done.Step == Completed {
			if err := s.Queue.Put(ctx, refreshJob(done, s.Clock.Now().Add(refreshEvery))); err != nil {
				return err
			}
		}
		tx.Publish(
			corpora.DocumentIndexed{
				DocumentID:     done.ID,
				CorpusID:       done.CorpusID,
				OrganizationID: done.OrganizationID,
				UserID:         done.UserID,
				Step:           string(done.Step),
				ChunkCount:     done.ChunkCount,
			},
		)
		return nil
	})
	if err == nil && s.IndexingEnded != nil {
		s.IndexingEnded(d.Step)
	}
	return err
}

func (s *Service) extract(ctx context.Context, d Document) (document.Extracted, error) {
	file, size, err := s.Files.Open(ctx, d.BlobKey)
	if err != nil {
		return document.Extracted{}, fmt.Errorf("opening the file of document %d: %w", d.ID, err)
	}
	defer file.Close()
	hint := document.Hint{Name: d.Name}
	switch {
	case d.ContentType == linkType:
		hint = document.Hint{Name: "page" + pageEndings[d.MimeType], Charset: d.Charset}
	case d.ContentType == textType && path.Ext(hint.Name) == "":
		hint.Name += ".md" // plain text reads the same as Markdown, and headings help
	}
	return s.Extractor.Extract(ctx, file, size, hint)
}

// clear removes what no question sees of a document.
func (s *Service) clear(ctx context.Context, d Document, hold Hold) error {
	for {
		if done, err := s.Store.Clear(ctx, d.ID, hold); done || err != nil {
			return err
		}
	}
}
