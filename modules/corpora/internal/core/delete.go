package core

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// One transaction deletes so much, so that others get their turn.
const (
	deletedAtOnce = 100   // documents
	hiddenAtOnce  = 2_000 // passages, unless one document has more
)

// DeleteDocument deletes a document of a corpus that the caller may edit, and
// answers it as it was. The very next question does not find it.
func (s *Service) DeleteDocument(ctx context.Context, who actor.Actor, id int64) (deleted Document, err error) {
	err = s.changing(ctx, who, id, func(ctx context.Context, tx uow.Tx, d Document) error {
		deleted = d
		return s.remove(ctx, tx, d.CorpusID, []Document{d}, who.UserID)
	})
	return deleted, err
}

// DeleteSome deletes documents of a corpus that the caller may edit, all or
// none, and answers them by id.
func (s *Service) DeleteSome(ctx context.Context, who actor.Actor, corpusID int64, ids []int64) (deleted []Document, err error) {
	unique := Grantees{Users: ids}.each().Users
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if _, err := s.authorize(ctx, who, corpusID, access.Edit); err != nil {
			return err
		}
		if _, err := s.Store.LockCorpus(ctx, corpusID); err != nil {
			return err
		}
		if deleted, err = s.Store.LockDocuments(ctx, unique); err != nil {
			return err
		}
		inCorpus := 0
		for _, d := range deleted {
			if d.CorpusID == corpusID {
				inCorpus++
			}
		}
		if inCorpus != len(unique) {
			return ErrNotInCorpus
		}
		return s.remove(ctx, tx, corpusID, deleted, who.UserID)
	})
	return deleted, err
}

// DeleteAll deletes all documents that a corpus has now and answers them by id.
// The caller may edit the corpus and repeats its name. Each group of documents
// is one transaction: others work meanwhile, and when the call ends early the
// rest stays.
func (s *Service) DeleteAll(ctx context.Context, who actor.Actor, corpusID int64, confirm string) ([]Document, error) {
	c, err := s.authorize(ctx, who, corpusID, access.Edit)
	if err != nil {
		return nil, err
	}
	if confirm != c.Name {
		return nil, ErrNotConfirmed
	}
	all := []Document{}
	for {
		var some []Document
		err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
			if _, err := s.authorize(ctx, who, corpusID, access.Edit); err != nil {
				return err
			}
			if _, err := s.Store.LockCorpus(ctx, corpusID); err != nil {
				return err
			}
			some, err = s.removeFirst(ctx, tx, corpusID, who.UserID)
			return err
		})
		if err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
}

// removeFirst removes the first documents of a corpus, within the unit of ctx.
func (s *Service) removeFirst(ctx context.Context, tx uow.Tx, corpusID, by int64) ([]Document, error) {
	found, err := s.Store.DocumentsPage(ctx, corpusID, DocumentFilter{}, page.Request{Size: deletedAtOnce, ByCursor: true})
	if err != nil || len(found.Items) == 0 {
		return nil, err
	}
	var ids []int64
	passages := 0
	for _, d := range found.Items {
		if passages += d.ChunkCount; len(ids) > 0 && passages > hiddenAtOnce {
			break
		}
		ids = append(ids, d.ID)
	}
	some, err := s.Store.LockDocuments(ctx, ids)
	if err != nil || len(some) == 0 {
		return nil, err
	}
	return some, s.remove(ctx, tx, corpusID, some, by)
}

// remove deletes documents of one corpus, which are locked, with all that is to
// be done about them, within the unit of ctx. Passages and files go afterwards.
func (s *Service) remove(ctx context.Context, tx uow.Tx, corpusID int64, documents []Document, by int64) error {
	var indexing, refreshing, files []string
	ids := make([]int64, len(documents))
	for i, d := range documents {
		ids[i] = d.ID
		indexing, refreshing, files = append(indexing, indexJob(d).Key), append(refreshing, refreshJob(d, time.Time{}).Key), append(files, d.BlobKey)
	}
	// A worker that holds such a job is waited for, and stores nothing after.
	if err := s.Queue.Cancel(ctx, indexKind, indexing...); err != nil {
		return err
	}
	if err := s.Queue.Cancel(ctx, refreshKind, refreshing...); err != nil {
		return err
	}
	if err := s.Store.RemoveDocuments(ctx, corpusID, documents); err != nil {
		return err
	}
	for _, d := range documents {
		tx.Publish(corpora.DocumentDeleted{DocumentID: d.ID, CorpusID: d.CorpusID, OrganizationID: d.OrganizationID, DeletedBy: by})
	}
	return s.Queue.Put(ctx, eraseJobs(documents[0].OrganizationID, ids, files)...)
}

// DeleteCorpus deletes a corpus that the caller administers, and answers it as
// it is then, with the number of documents that go with it. Nobody sees it any
// more from now on, and the agents that it was connected to have a version
// without it; what is in it goes in the background.
func (s *Service) DeleteCorpus(ctx context.Context, who actor.Actor, id int64) (out Counted, err error) {
	for range 3 {
		err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
			out, err = s.deleteCorpus(ctx, tx, who, id)
			return err
		})
		if !errors.Is(err, ErrConnectedMeanwhile) {
			break
		}
	}
	return out, err
}

func (s *Service) deleteCorpus(ctx context.Context, tx uow.Tx, who actor.Actor, id int64) (out Counted, err error) {
	if _, err := s.administer(ctx, who, id, access.Delete); err != nil {
		return out, err
	}
	connected, err := s.Store.AgentsOf(ctx, who.OrganizationID, id)
	if err != nil {
		return out, err
	}
	err = s.reconnecting(ctx, tx, who, connected, func(ctx context.Context, _ []int64) error {
		if out.Documents, err = s.Store.LockCorpus(ctx, id); err != nil {
			return err
		}
		// Agents are locked before corpora, so one that came in between is too late.
		if now, err := s.Store.AgentsOf(ctx, who.OrganizationID, id); err != nil || !slices.Equal(now, connected) {
			return cmp.Or(err, error(ErrConnectedMeanwhile))
		}
		out.Corpus, err = s.Store.UpdateCorpus(ctx, who.OrganizationID, id, func(c *Corpus) error {
			c.IsDeleted = true
			c.Touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		return s.Store.DropCorpus(ctx, who.OrganizationID, id)
	})
	if err != nil {
		return out, err
	}
	tx.Publish(corpora.CorpusDeleted{CorpusID: id, OrganizationID: who.OrganizationID, DeletedBy: who.UserID})
	payload := strconv.FormatInt(who.UserID, 10)
	return out, s.Queue.Put(ctx, work.Job{Kind: emptyKind, Tenant: who.OrganizationID, Key: strconv.FormatInt(id, 10), Payload: payload})
}

// The kinds of jobs that remove what nobody sees any more.
const (
	emptyKind = "corpora.empty" // a deleted corpus, by its id
	eraseKind = "corpora.erase" // passages and files
)

// empty removes the documents of a deleted corpus.
func (s *Service) empty(ctx context.Context, c work.Claim) error {
	id, err := strconv.ParseInt(c.Job().Key, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("reading which corpus a job is about: %w", err))
	}
	by, err := strconv.ParseInt(c.Job().Payload, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("reading who deleted corpus %d: %w", id, err))
	}
	for {
		var some []Document
		err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
			if err := c.Hold(ctx); err != nil {
				return err
			}
			some, err = s.removeFirst(ctx, tx, id, by)
			return err
		})
		if err != nil || len(some) == 0 {
			return err
		}
	}
}

// erasure is what a job of eraseKind removes.
type erasure struct {
	Documents []int64  `json:"documents,omitempty"`
	Files     []string `json:"files,omitempty"`
}

// eraseJobs remove what is left of removed documents, and files; none when
// there is nothing to do.
func eraseJobs(organizationID int64, documents []int64, files []string) []work.Job {
	var jobs []work.Job
	add := func(e erasure) {
		// Numbers and keys of ours can't fail to be written.
		payload, _ := json.Marshal(e)
		jobs = append(jobs, work.Job{Kind: eraseKind, Tenant: organizationID, Payload: string(payload)})
	}
	var kept []string
	for _, key := range files {
		if key != "" {
			kept = append(kept, key)
		}
	}
	for len(documents)+len(kept) > 0 {
		e := erasure{Documents: documents[:min(len(documents), deletedAtOnce)], Files: kept[:min(len(kept), deletedAtOnce)]}
		documents, kept = documents[len(e.Documents):], kept[len(e.Files):]
		add(e)
	}
	return jobs
}

// erase does one job. What is gone already is no error.
func (s *Service) erase(ctx context.Context, c work.Claim) error {
	var e erasure
	if err := json.Unmarshal([]byte(c.Job().Payload), &e); err != nil {
		return work.Permanent(fmt.Errorf("reading what to erase: %w", err))
	}
	for _, key := range e.Files {
		if err := s.Files.Delete(ctx, key); err != nil {
			return err
		}
	}
	for _, id := range e.Documents {
		if err := s.clear(ctx, Document{ID: id}, c.Hold); err != nil {
			return err
		}
	}
	return nil
}
