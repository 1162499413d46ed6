package coretest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/storetest"
)

var subjects = strings.Fields("server backup archive directory checksum retention schedule harbour lantern glacier vaccine window garden letter number Größe Übergabe Schlüssel сервер данные")

var verbs = strings.Fields("writes restores checks keeps forgets opens closes measures schreibt prüft хранит moves moving moved")

// sentence is text of few words, so that many passages share them and many
// scores are close.
func sentence(rnd *rand.Rand) string {
	var b strings.Builder
	for range 3 + rnd.IntN(12) {
		fmt.Fprintf(&b, "The %s %s the %s. ", subjects[rnd.IntN(len(subjects))], verbs[rnd.IntN(len(verbs))], subjects[rnd.IntN(len(subjects))])
	}
	if rnd.IntN(4) == 0 {
		b.WriteString("東京の図書館は毎日開いています。")
	}
	return b.String()
}

var questions = []string{
	"How often does the server write a backup?",
	"What is the retention of the checksum archive in the directory",
	"glaicer vacine lighthosue", // typing errors
	"moves moving", "Schlüssel der Übergabe prüfen", "хранит данные", "図書館は開いていますか",
	"Schlüsselübergabe", "архив на сервере", "harbours directorates lanternlight", // other forms
	"harbour", "harbour lantern", "nothing ever xyzzy", "the of", "",
	strings.Repeat("server backup archive directory checksum retention schedule harbour lantern glacier ", 20),
}

// library fills the store with three corpora, and calls each with all passages.
func library(f fixture, each func(ranking.Passage)) []core.Corpus {
	rnd := rand.New(rand.NewPCG(3, 5))
	corpora := []core.Corpus{f.corpus("a"), f.corpus("b"), f.corpus("c")}
	id := int64(0)
	for n := range 40 {
		c := corpora[n%len(corpora)]
		d := f.document(c, fmt.Sprint(n))
		title := fmt.Sprintf("On the %s", subjects[n%len(subjects)])
		texts := make([]string, 1+rnd.IntN(12))
		for i := range texts {
			texts[i] = sentence(rnd)
			id++
			if each != nil {
				each(ranking.Passage{ID: id, Corpus: c.ID, Document: d.ID, Number: i + 1, Page: i + 1, Title: title, Text: texts[i]})
			}
		}
		f.complete(title, texts...)
	}
	return corpora
}

// ranked fills the store and a ranking in memory alike and compares all that
// they answer.
func ranked(f fixture) {
	reference := ranking.NewMemory()
	corpora := library(f, reference.Add)
	for _, in := range [][]core.Corpus{corpora, corpora[:1], corpora[1:], nil} {
		for _, question := range questions {
			var ids []int64
			for _, c := range in {
				ids = append(ids, c.ID)
			}
			want := storetest.Must[ranking.Result](f.t)(ranking.NewEngine(partly{reference}, 16<<20).Search(f.ctx, ranking.Question{Text: question, Corpora: reference.Corpora(ids...), Limit: 10}))
			got := f.search(question, in...)
			if len(want.Hits) != len(got.Hits) || len(want.Terms) != len(got.Terms) || want.Passages != got.Passages {
				f.t.Errorf("%q in %d corpora: %d hits of %d", question, len(in), len(got.Hits), len(want.Hits))
				continue
			}
			f.Equal(want.Terms, got.Terms)
			for i, w := range want.Hits {
				g := got.Hits[i]
				if !reflect.DeepEqual(w.Passage, g.Passage) || math.Abs(w.Score.Total-g.Score.Total) > 1e-9 {
					f.t.Fatalf("%q in %d corpora: at %d\n%+v, want\n%+v", question, len(in), i+1, g, w)
				}
			}
		}
	}
	f.postings(reference, corpora)
}

func (f fixture) postings(reference ranking.Source, corpora []core.Corpus) {
	ids := []int64{corpora[0].ID, corpora[2].ID}
	terms := []string{"server", "backup", "данные", "o'hara"}
	read := func(s ranking.Source, most int) []ranking.Postings {
		found, versions, err := s.Postings(f.ctx, ids, terms, most)
		f.NoError(err)
		f.Equal(len(ids), len(versions))
		slices.SortFunc(found, func(a, b ranking.Postings) int {
			return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.Corpus, b.Corpus))
		})
		return found
	}
	f.Equal(read(reference, math.MaxInt), read(f.Store, math.MaxInt))
	f.Equal(read(reference, 1), read(f.Store, 1)) // of the others only the number
	whole := func(s ranking.Source, most int) []ranking.Postings {
		found, versions, err := s.Whole(f.ctx, ids, most)
		f.NoError(err)
		f.Equal(len(ids), len(versions))
		slices.SortFunc(found, func(a, b ranking.Postings) int {
			return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.Corpus, b.Corpus))
		})
		return found
	}
	shorter, longer := f.searchable(ids...)[0].Length, f.searchable(ids...)[1].Length
	if shorter > longer {
		shorter, longer = longer, shorter
	}
	for _, most := range []int{longer, longer - 1, shorter} { // both, one, one
		f.Equal(whole(reference, most), whole(f.Store, most))
	}
	f.Equal(true, len(whole(f.Store, longer)) > len(whole(f.Store, shorter)))
	f.Equal(0, len(whole(f.Store, shorter-1)))
	none, versions, err := f.Postings(f.ctx, nil, terms, 1)
	f.NoError(err)
	f.Equal(0, len(none)+len(versions))
}

func otherCorpora(f fixture) {
	a, b, empty := f.corpus("a"), f.corpus("b"), f.corpus("empty")
	f.document(a, "1")
	f.document(b, "2")
	f.complete("A", "the red lantern")
	f.complete("B", "the blue lantern")
	f.Equal([]string{"the red lantern"}, f.found("lantern", a))
	f.Equal([]string{"the blue lantern"}, f.found("lantern", b))
	f.Equal([]string{"the blue lantern", "the red lantern"}, f.found("lantern", a, b, empty))
	f.Equal(0, len(f.found("lantern", empty)))
	f.Equal(0, len(f.found("lantern")))
	hit := f.search("lantern", a).Hits[0]
	f.Equal(0, len(storetest.Must[[]ranking.Passage](f.t)(f.Passages(f.ctx, []int64{b.ID, empty.ID}, []int64{hit.ID}))))
}

func vocabulary(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	f.document(a, "1")
	f.document(b, "2")
	f.complete("", "lantern lamp", "lantern ladder", "latch zebra данные", "lamp lantern")
	f.complete("", "lambda lambda")
	type terms = []ranking.TermCount
	f.Equal(terms{{Term: "lantern", DF: 3}, {Term: "lamp", DF: 2}, {Term: "ladder", DF: 1}, {Term: "latch", DF: 1}}, f.vocabulary("la", 1, 99, 10, a.ID))
	f.Equal(terms{{Term: "lantern", DF: 3}, {Term: "lamp", DF: 2}}, f.vocabulary("l", 1, 99, 2, a.ID))
	f.Equal(terms{{Term: "lamp", DF: 2}, {Term: "latch", DF: 1}}, f.vocabulary("l", 4, 5, 10, a.ID))
	f.Equal(terms{{Term: "lambda", DF: 1}}, f.vocabulary("lam", 5, 9, 10, a.ID, b.ID))
	f.Equal(terms{{Term: "данные", DF: 1}}, f.vocabulary("д", 12, 12, 10, a.ID)) // bytes
	f.Equal(0, len(f.vocabulary("l", 1, 99, 10)))
}
