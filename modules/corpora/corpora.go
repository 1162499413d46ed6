package corpora

import (
	"context"
	"fmt"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// Scope says from where a question may be answered: the corpora that are
// connected to the agent and enabled, as far as they share their content
// through it or the asker may read them at this moment.
type Scope struct {
	AgentID int64
	// Only narrows the corpora to these ids; nil means no narrowing. Ids outside
	// of what the asker may use are refused: OutsideScope.
	Only []int64
	// Attached are corpora beside those of the agent, as far as the asker may
	// read them at this moment: the attachments of a thread.
	Attached []int64
	// Outside is told when the search begins to wait for another server, and what
	// it answers is called when that is over; nil: nobody wants to know.
	Outside func() (back func())
}

// ErrOutsideScope is what OutsideScope wraps.
var ErrOutsideScope = apperr.New(apperr.Unprocessable, "corpora.outside_scope", "The agent may not use some of these corpora for you; leave them out.")

// OutsideScope is the error about those corpora of Scope.Only that the asker
// may not use through the agent. Which field of a request they stood in is the
// caller's to say.
type OutsideScope struct{ CorpusIDs []int64 }

// Error implements error.
func (e OutsideScope) Error() string {
	return fmt.Sprintf("corpora %v: %v", e.CorpusIDs, ErrOutsideScope)
}

// Unwrap implements errors.Unwrap.
func (OutsideScope) Unwrap() error { return ErrOutsideScope }

// Passage is a piece of a document that was found for a question.
type Passage struct {
	ChunkID    int64
	DocumentID int64
	CorpusID   int64
	Title      string // of the document, and of the section where it has one
	URL        string // path of this server where the document can be read
	Text       string
	Page       *int
	Score      float64 // comparable within one retrieval only
	// Sections begin within Text; what stands before the first of them is under
	// Title. Most passages have none.
	Sections []Section `bun:"-"`
}

// Section is a part of a passage with headings of its own.
type Section struct {
	At    int    `json:"at"`    // bytes into the passage's text, where its heading stands
	Title string `json:"title"` // document and headings, as that of the passage
}

// SectionAt is the document and the headings over the byte at an offset of the
// text, so that a quote names the section in which it stands.
func (p Passage) SectionAt(offset int) string {
	title := p.Title
	for _, s := range p.Sections {
		if s.At > offset {
			break
		}
		title = s.Title
	}
	return title
}

// Candidate is a passage that was considered, for the record of how an answer
// came about.
type Candidate struct {
	ChunkID    int64   `json:"chunk_id"`
	DocumentID int64   `json:"document_id"`
	Title      string  `json:"title"`
	Score      float64 `json:"score"`
	Kept       bool    `json:"kept"`
	Why        string  `json:"why"`
}

// Retrieval is what was found, best first.
type Retrieval struct {
	Passages   []Passage
	Candidates []Candidate // the best 20, kept or not
	Considered int         // how many passages were scored
	CorpusIDs  []int64     // that were searched
	// Versions are those of the corpora that were searched, by id. A corpus gets
	// another one with every change of what can be found in it, and never the same
	// again.
	Versions map[int64]int64
	// Weights says how rare the words of the query are, for the choice of
	// sentences.
	Weights Weights
}

// Weights are the counts that the weight of a word comes from.
type Weights struct {
	Searched int // passages, in all corpora that were searched
	// Frequencies is the number of passages with each term of the query (see
	// platform/kernel/text), or with the known word that stood for it.
	Frequencies map[string]int
}

// Retriever finds passages. Rights are part of the search itself: what the
// asker may not use is never a candidate.
type Retriever interface {
	// Usable answers the corpora that Retrieve would search, ascending, or
	// OutsideScope.
	Usable(ctx context.Context, who actor.Actor, s Scope) ([]int64, error)
	// Retrieve answers up to top passages for a query.
	Retrieve(ctx context.Context, who actor.Actor, s Scope, query string, top int) (Retrieval, error)
	// Readable answers which of the documents the actor may read, or use through
	// the agent, at this moment.
	Readable(ctx context.Context, who actor.Actor, agentID int64, documentIDs []int64) ([]int64, error)
}
