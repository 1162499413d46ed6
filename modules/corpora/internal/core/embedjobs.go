package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// embedKind is the kind of the jobs that make vectors.
const embedKind = "corpora.embed"

const (
	embedJobSize = 16          // calls of one turn of a job
	retryAfter   = time.Minute // before the model is asked for passages again
	maxPassed    = 10          // times that a job waits for a process with its model
	embedName    = 150         // bytes of the name of a model in a key
)

// embedPayload says which passages a job is about and how far it is.
type embedPayload struct {
	Corpus   int64  `json:"corpus"`
	Document int64  `json:"document"` // 0 for all of the corpus
	After    int64  `json:"after"`    // the last passage that was looked at
	Done     int    `json:"done"`     // passages that got vectors
	Indexed  int    `json:"indexed"`  // older vectors that were put into the index
	Model    string `json:"model"`    // "" in a job of an older version
	Passed   int    `json:"passed"`   // times that it came to a process with another model
}

// embedJob is about a document or a corpus, and a model: a job for another one
// is not in its way.
func embedJob(organizationID int64, p embedPayload) work.Job {
	key := "corpus " + strconv.FormatInt(p.Corpus, 10)
	if p.Document != 0 {
		key = "document " + strconv.FormatInt(p.Document, 10)
	}
	// Numbers and a name can't fail to be written.
	payload, _ := json.Marshal(p)
	return work.Job{Kind: embedKind, Tenant: organizationID, Key: key + " " + cut(p.Model, embedName), Payload: string(payload)}
}

// embedDocument puts the job that makes the vectors of a document, if there is a
// model.
func (s *Service) embedDocument(ctx context.Context, d Document) error {
	if s.embedder == nil {
		return nil
	}
	return s.Queue.Put(ctx, embedJob(d.OrganizationID, embedPayload{Corpus: d.CorpusID, Document: d.ID, Model: s.Embedder.Model()}))
}

// adoptVectors looks all corpora through for passages without vectors: the
// model may be new, or may have been away for long.
func (s *Service) adoptVectors(ctx context.Context) error {
	for after := int64(0); s.embedder != nil; {
		all, err := s.Store.CorporaAfter(ctx, after, adoptSize)
		if err != nil || len(all) == 0 {
			return err
		}
		jobs := make([]work.Job, len(all))
		for i, c := range all {
			jobs[i] = embedJob(c.OrganizationID, embedPayload{Corpus: c.ID, Model: s.Embedder.Model()})
			after = c.ID
		}
		if err := s.Queue.Put(ctx, jobs...); err != nil {
			return err
		}
	}
	return nil
}

// embed makes vectors of passages that have none. After some of them, or while
// the model is away, the rest goes back into the queue. A job for another model
// does for some minutes, for the processes that are started with that one, and
// is then about the one of this process.
func (s *Service) embed(ctx context.Context, c work.Claim) error {
	var at embedPayload
	if err := json.Unmarshal([]byte(c.Job().Payload), &at); err != nil {
		return work.Permanent(fmt.Errorf("reading which passages a job is about: %w", err))
	}
	if at.Model != s.Embedder.Model() {
		if at.Model != "" && at.Passed < maxPassed {
			at.Passed++
			return s.embedLater(ctx, c, at, false, retryAfter)
		}
		at = embedPayload{Corpus: at.Corpus, Document: at.Document, Model: s.Embedder.Model()}
	}
	var began Document // as it is now; nothing of a whole corpus
	switch found, err := s.Store.DocumentsByID(ctx, []int64{at.Document}); {
	case err != nil:
		return err
	case len(found) > 0:
		began = found[0]
	}
	before := at.Done
	for range embedJobSize {
		if s.embedder.isAway() {
			return s.embedLater(ctx, c, at, at.Done > before, retryAfter)
		}
		passages, err := s.Store.Unembedded(ctx, at.Corpus, at.Document, s.Embedder.Model(), at.After, embedAtOnce)
		if err != nil {
			return err
		}
		if len(passages) == 0 {
			n, err := s.indexVectors(ctx, c, &at)
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			return s.embedded(ctx, c, at, began, at.Done > before)
		}
		if err := s.embedPassages(ctx, c, passages, &at); err != nil {
			if ctx.Err() != nil || !s.embedder.isAway() {
				return err
			}
			s.Log.WarnContext(ctx, "the embedding model did not answer; vectors are made later", "corpus", at.Corpus, "error", err)
		}
	}
	return s.embedLater(ctx, c, at, at.Done > before, 0)
}

// embedPassages makes and stores the vectors of some passages. Those that the
// model refuses get none.
func (s *Service) embedPassages(ctx context.Context, c work.Claim, passages []ranking.Passage, at *embedPayload) error {
	texts := make([]string, len(passages))
	for i, p := range passages {
		texts[i] = cut(p.Title+"\n"+p.Text, embedText)
	}
	found, err := s.embedder.embed(ctx, texts, embedWait)
	if work.IsPermanent(err) {
		if found, err = s.embedOneByOne(ctx, passages, texts); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	var vectors []ranking.Vector
	for i, v := range found {
		if len(v) > 0 {
			vectors = append(vectors, ranking.Vector{Passage: passages[i].ID, Values: v})
		}
	}
	next := *at
	next.After, next.Done = passages[len(passages)-1].ID, at.Done+len(vectors)
	save := func(ctx context.Context) error {
		return c.Save(ctx, fmt.Sprintf("%d passages have vectors", next.Done))
	}
	if err := s.Store.AddVectors(ctx, at.Corpus, s.Embedder.Model(), vectors, save); err != nil {
		return err
	}
	*at = next
	return nil
}

// indexVectors puts vectors from before there was an index into it. Until all
// of a corpus are there, its questions compare them exactly.
func (s *Service) indexVectors(ctx context.Context, c work.Claim, at *embedPayload) (int, error) {
	save := func(ctx context.Context) error {
		return c.Save(ctx, fmt.Sprintf("%d passages have vectors, %d older ones are in the index", at.Done, at.Indexed))
	}
	n, err := s.Store.IndexVectors(ctx, at.Corpus, s.Embedder.Model(), save)
	at.Indexed += n
	return n, err
}

func (s *Service) embedOneByOne(ctx context.Context, passages []ranking.Passage, texts []string) ([][]int8, error) {
	out := make([][]int8, len(texts))
	for i, text := range texts {
		found, err := s.embedder.embed(ctx, []string{text}, embedWait)
		if work.IsPermanent(err) && len(text) > embedLess {
			found, err = s.embedder.embed(ctx, []string{cut(text, embedLess)}, embedWait)
		}
		switch {
		case work.IsPermanent(err):
			s.Log.WarnContext(ctx, "the embedding model refuses a passage, which is found by its words alone", "passage", passages[i].ID, "error", err)
		case err != nil:
			return nil, err
		default:
			out[i] = found[0]
		}
	}
	return out, nil
}

// embedded ends a job that found no more passages. When its document has another
// text than it had at the beginning, the job that was put for that one may have
// been left out, because this one was there.
func (s *Service) embedded(ctx context.Context, c work.Claim, at embedPayload, began Document, added bool) error {
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		now, err := s.endEmbedding(ctx, c, at, added)
		if err != nil || now.Revision == began.Revision && now.Step == began.Step && now.IndexVersion == began.IndexVersion {
			return err
		}
		return s.Queue.Put(ctx, embedJob(c.Job().Tenant, at))
	})
}

// embedLater puts the rest of a job into the queue again.
func (s *Service) embedLater(ctx context.Context, c work.Claim, at embedPayload, added bool, pause time.Duration) error {
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := s.endEmbedding(ctx, c, at, added); err != nil {
			return err
		}
		job := embedJob(c.Job().Tenant, at)
		if pause > 0 {
			job.DueAt = s.Clock.Now().Add(pause)
		}
		return s.Queue.Put(ctx, job)
	})
}

// endEmbedding finishes a job and shows what it added, in the unit of ctx. It
// answers the document as it is then, and nothing for a whole corpus. What shows
// a new text and puts this job has the document locked before, and waits for a
// job that ends: so the document comes first here, and the job last.
func (s *Service) endEmbedding(ctx context.Context, c work.Claim, at embedPayload, added bool) (d Document, err error) {
	if at.Document != 0 {
		d, err = s.Store.UpdateDocument(ctx, at.Document, func(*Document) error { return nil })
		if err != nil && !errors.Is(err, ErrDocumentNotFound) {
			return d, err
		}
	}
	if err := s.showVectors(ctx, at.Corpus, added); err != nil {
		return d, err
	}
	return d, c.Finish(ctx)
}

func (s *Service) showVectors(ctx context.Context, corpusID int64, added bool) error {
	if !added {
		return nil
	}
	return s.Store.ShowVectors(ctx, corpusID)
}
