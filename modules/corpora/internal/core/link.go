package core

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/modules/corpora"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// refreshKind is the kind of the jobs that look whether a page has changed.
const refreshKind = "corpora.refresh"

// refreshEvery is how old the copy of a page gets.
const refreshEvery = 24 * time.Hour

// fetchAgain is the payload of an index job that fetches a page that is there.
const fetchAgain = "fetch"

// maxLink bounds a link, in bytes.
const maxLink = 2_000

// pageEndings are what the names of pages end with, for the extractor.
var pageEndings = map[string]string{
	"text/html": ".html", "application/xhtml+xml": ".html", "text/plain": ".txt", "text/markdown": ".md", "text/csv": ".csv", "application/json": ".json",
}

// refreshJob looks at the page of a document; its key is the document.
func refreshJob(d Document, due time.Time) work.Job {
	return work.Job{Kind: refreshKind, Tenant: d.OrganizationID, Key: strconv.FormatInt(d.ID, 10), DueAt: due}
}

// checkLink answers a link in its usual form. Where it leads is looked at when
// it is fetched.
func checkLink(link string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || len(link) > maxLink || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return "", ErrInvalidLink.WithField("source", "is no http or https URL")
	}
	u.Host, u.Fragment, u.RawFragment = strings.ToLower(u.Host), "", ""
	return u.String(), nil
}

// fetch gets the page of a document and keeps it in place of the copy before.
func (s *Service) fetch(ctx context.Context, d Document, hold Hold) (Document, error) {
	p, err := s.Fetcher.Fetch(ctx, d.Source, "", "")
	if err != nil {
		return d, err
	}
	defer p.Body.Close()
	stored, err := s.Keep(ctx, p.Body)
	if err != nil {
		return d, fmt.Errorf("keeping the page of document %d: %w", d.ID, err)
	}
	old := d.BlobKey
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		d, err = s.Store.UpdateDocument(ctx, d.ID, func(d *Document) error { p.put(d, stored); return nil })
		if err := hold.After(ctx, err); err != nil {
			return err
		}
		return s.Queue.Put(ctx, eraseJobs(d.OrganizationID, nil, []string{old})...)
	})
	if err != nil {
		s.Discard(ctx, stored)
	}
	return d, err
}

// put is the page as the copy of a document.
func (p Fetched) put(d *Document, stored Stored) {
	d.BlobKey, d.Size, d.SHA256 = stored.Key, stored.Size, stored.SHA256
	d.MimeType, d.Charset, d.ETag, d.LastModified = p.MimeType, p.Charset, p.ETag, p.LastModified
}

// refresh fetches a page again, if its server says that it has changed, and
// reads a changed one. It puts itself into the queue for the next time.
func (s *Service) refresh(ctx context.Context, c work.Claim) error {
	id, err := strconv.ParseInt(c.Job().Key, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("reading which page a job is about: %w", err))
	}
	found, err := s.Store.DocumentsByID(ctx, []int64{id})
	if err != nil || len(found) == 0 || found[0].ContentType != linkType {
		return err
	}
	d := found[0]
	var stored *Stored
	p, err := s.Fetcher.Fetch(ctx, d.Source, d.ETag, d.LastModified)
	if err == nil && p.Body != nil {
		defer p.Body.Close()
		var kept Stored
		if kept, err = s.Keep(ctx, p.Body); err == nil {
			stored = &kept
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil { // the copy stays, and the next time may be better
		s.Log.InfoContext(ctx, "a page could not be refreshed", "document", d.ID, "error", err)
	}
	used := false
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if stored != nil && stored.SHA256 != d.SHA256 {
			used, err = s.replacePage(ctx, tx, d, p, *stored)
			if errors.Is(err, ErrDocumentNotFound) { // removed meanwhile, with its jobs
				return c.Hold(ctx)
			}
			if err != nil {
				return err
			}
		}
		if err := c.Finish(ctx); err != nil {
			return err
		}
		return s.Queue.Put(ctx, refreshJob(d, s.Clock.Now().Add(refreshEvery)))
	})
	if stored != nil && (err != nil || !used) {
		s.Discard(ctx, *stored)
	}
	return err
}

// replacePage has a changed page read, unless the document is being read or was
// changed since was; it reports which.
func (s *Service) replacePage(ctx context.Context, tx uow.Tx, was Document, p Fetched, stored Stored) (used bool, err error) {
	d, err := s.Store.UpdateDocument(ctx, was.ID, func(d *Document) error {
		if used = d.Revision == was.Revision && (d.Step == Completed || d.Step == Failed); used {
			p.put(d, stored)
			d.Revision, d.Step, d.FailureReason = d.Revision+1, Pending, nil
		}
		return nil
	})
	if err != nil || !used {
		return false, err
	}
	tx.Publish(corpora.DocumentUpdated{DocumentID: d.ID, CorpusID: d.CorpusID, OrganizationID: d.OrganizationID, Revision: d.Revision})
	return true, s.Queue.Put(ctx, append(eraseJobs(d.OrganizationID, nil, []string{was.BlobKey}), indexJob(d))...)
}
