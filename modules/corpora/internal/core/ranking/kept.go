package ranking

import (
	"hash/maphash"
	"slices"
)

// kept is what memory keeps; it never changes. It lies there under a hash of its
// name, which is faster to find than the name, and knows its name: what lies
// under the same hash by chance is not what is looked for.
type kept interface {
	bytes() int
}

// keptTerm is where a term occurs in a corpus at a version.
type keptTerm struct {
	corpus, version int64
	term            string
	df              int
	postings        []Posting // nil when only the number is known
}

func (e *keptTerm) bytes() int { return 80 + len(e.term) + 16*cap(e.postings) }

// keptGuess is what may be meant by a word, in corpora as they were.
type keptGuess struct {
	word    string
	corpora []Corpus
}

func (e *keptGuess) is(word string, corpora []Corpus) bool {
	return e.word == word && slices.EqualFunc(e.corpora, corpora, func(a, b Corpus) bool { return a.ID == b.ID && a.Version == b.Version })
}

func (e *keptGuess) bytes() int { return 64 + len(e.word) + 32*cap(e.corpora) }

// keptNear is the known word that is nearest to one.
type keptNear struct {
	keptGuess
	near TermCount
}

func (e *keptNear) bytes() int { return e.keptGuess.bytes() + 32 + len(e.near.Term) }

// keptForms are the other forms of a word.
type keptForms struct {
	keptGuess
	forms []Form
}

func (e *keptForms) bytes() int {
	n := e.keptGuess.bytes() + 32
	for _, f := range e.forms {
		n += 40 + len(f.Term)
	}
	return n
}

// keptVectors are the vectors that a model made of the passages of a corpus
// after one.
type keptVectors struct {
	corpus, version, after int64
	model                  string
	*vectors
}

func (e *keptVectors) bytes() int { return 64 + len(e.model) + e.vectors.bytes() }

// What is kept of one word under one version.
const (
	termName uint64 = iota << 60
	nearName
	formsName
	vectorsName
	wholeName
	readsName
)

// stamp stands for a corpus in its version.
func (x *tokenizer) stamp(c Corpus) uint64 {
	return maphash.Comparable(x.seed, [2]int64{c.ID, c.Version})
}

// stampOfAll stands for all the corpora of a question in their versions.
func (v view) stampOfAll() (all uint64) {
	for _, stamp := range v.stamps {
		all = all*0x9e3779b97f4a7c15 + stamp
	}
	return all
}

// term answers what is kept of a term of one of the corpora, nil for nothing.
func (v view) term(corpus int, term string, hash uint64) *keptTerm {
	if e := v.wholes[corpus]; e != nil {
		return e.term(term)
	}
	name := hash ^ v.stamps[corpus] ^ termName
	c := &v.corpora[corpus]
	if found, ok := v.warm.Get(name); ok {
		if e, ok := found.(*keptTerm); ok && e.term == term && e.corpus == c.ID && e.version == c.Version {
			return e
		}
	}
	return nil
}

// keep remembers a term of a corpus at the version it was read at.
func (v view) keep(versions Versions, e keptTerm) {
	version, known := versions[e.corpus]
	if !known {
		return
	}
	e.version = version
	v.warm.Set(v.tokens.hash(e.term)^v.tokens.stamp(Corpus{ID: e.corpus, Version: version})^termName, &e)
}

// passage answers a passage that is kept, nil for none.
func (v view) passage(id int64) *tokens {
	if found, ok := v.warm.Get(passageName(id)); ok {
		if t, ok := found.(*tokens); ok && t.ID == id {
			return t
		}
	}
	return nil
}

func passageName(id int64) uint64 { return uint64(id) } //nolint:gosec // any number will do
