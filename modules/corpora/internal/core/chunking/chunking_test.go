package chunking

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/document"
)

func paragraph(s string) document.Block { return document.Block{Text: s} }
func heading(level int, s string) document.Block {
	return document.Block{Kind: document.Heading, Level: level, Text: s}
}

func guide() document.Extracted {
	return document.Extracted{Title: "Guide", Blocks: []document.Block{
		heading(1, "Guide"), paragraph("Short intro. It has two sentences."),
		heading(2, "Backups"), paragraph(strings.Repeat("This sentence says something about backups. ", 40)),
		{Kind: document.Item, Level: 1, Text: "one"}, {Kind: document.Item, Level: 2, Text: "two"},
		heading(3, "Restore"), {Kind: document.Code, Text: "parley restore\nparley serve", Page: 3},
	}}
}

func TestADocumentWithoutTextHasNoPassages(t *testing.T) {
	for _, doc := range []document.Extracted{{}, {Title: "x", Blocks: []document.Block{paragraph(" \n ")}}} {
		if got, _ := Passages(doc); got != nil {
			t.Errorf("%+v", got)
		}
	}
}

func TestPassagesAreTitledWithTheHeadingsOverThem(t *testing.T) {
	got, _ := Passages(guide())
	var titles []string
	for _, p := range got {
		if len(titles) == 0 || titles[len(titles)-1] != p.Title {
			titles = append(titles, p.Title)
		}
	}
	if diff := cmp.Diff([]string{"Guide", "Guide › Backups", "Guide › Backups › Restore"}, titles); diff != "" {
		t.Error(diff)
	}
	last := got[len(got)-1]
	if last.Text != "    parley restore\n    parley serve" || last.Page != 3 {
		t.Errorf("last passage: %+v", last)
	}
}

func TestPassagesOverlapByTwoSentences(t *testing.T) {
	got, _ := Passages(guide())
	first, second := got[1], got[2]
	shared := first.End - second.Start
	if want := len("This sentence says something about backups. This sentence says something about backups."); shared != want {
		t.Errorf("%d bytes shared, want %d", shared, want)
	}
}

func TestAShortDocumentIsOnePassage(t *testing.T) {
	const sentence = "This sentence is about a hundred characters long, so that a few of them make up a whole passage. "
	short, long := strings.Repeat(sentence, Whole/len(sentence)), strings.Repeat(sentence, Whole/len(sentence)+1)
	half := short[:len(short)/2]
	for _, c := range []struct {
		what string
		doc  []document.Block
		one  bool
	}{
		{"one section", []document.Block{heading(1, "Salt"), paragraph(half), paragraph(half)}, true},
		{"no heading", []document.Block{paragraph(short)}, true},
		{"a page of Chinese", []document.Block{paragraph(strings.Repeat("盐在海水里。", wholeBytes/18))}, true},
		{"three pages of Chinese", []document.Block{paragraph(strings.Repeat("盐在海水里。", Whole/6))}, false},
		{"too long", []document.Block{heading(1, "Salt"), paragraph(long)}, false},
		{"two sections", []document.Block{heading(1, "Salt"), paragraph(half), heading(1, "Pepper"), paragraph(half)}, false},
		{"two pages", []document.Block{{Text: half, Page: 1}, {Text: half, Page: 2}}, false},
	} {
		got, _ := Passages(document.Extracted{Blocks: c.doc})
		if (len(got) == 1) != c.one {
			t.Errorf("%s: %d passages", c.what, len(got))
		}
	}
}

func TestShortSectionsShareAPassage(t *testing.T) {
	got, _ := Passages(document.Extracted{Blocks: []document.Block{
		heading(1, "A"), paragraph("One."), heading(1, "B"), paragraph("Two."), heading(1, "C"), paragraph("Three."),
	}})
	if len(got) != 1 || got[0].Text != "One.\n\n# B\n\nTwo.\n\n# C\n\nThree." || got[0].Title != "A" {
		t.Errorf("%+v", got)
	}
}

func TestAQuoteNamesTheSectionInWhichItStands(t *testing.T) {
	got, _ := Passages(document.Extracted{Title: "Handbook", Blocks: []document.Block{
		heading(1, "Leave"), paragraph("Ask in May."), heading(1, "Travel"), paragraph("Rail first."), heading(2, "Hotels"), paragraph("Up to 90 euro."),
	}})
	if len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	for quote, want := range map[string]string{
		"Ask in May.": "Handbook › Leave", "# Travel": "Handbook › Travel", "Rail first.": "Handbook › Travel", "Up to 90 euro.": "Handbook › Travel › Hotels",
	} {
		p := corpora.Passage{Title: got[0].Title, Sections: got[0].Sections}
		if section := p.SectionAt(strings.Index(got[0].Text, quote)); section != want {
			t.Errorf("%q is under %q, want %q", quote, section, want)
		}
	}
}

func TestHeadingsWithNothingUnderThemAreKept(t *testing.T) {
	got, _ := Passages(document.Extracted{Blocks: []document.Block{heading(1, "Only"), heading(2, "Headings"), heading(2, "Here")}})
	if len(got) != 1 || !strings.Contains(got[0].Text, "Headings") || !strings.Contains(got[0].Text, "Here") || got[0].Title != "Only" {
		t.Errorf("%+v", got)
	}
}

func TestAGiantSentenceIsCutBetweenWords(t *testing.T) {
	for _, c := range []struct{ what, text string }{
		{"words", strings.Repeat("word ", 1000)},
		{"clauses", strings.Repeat("first this, then that; ", 200)},
		{"no blanks", strings.Repeat("x", 5000)},
		{"no blanks, not ascii", strings.Repeat("字", 5000)},
	} {
		got, _ := Passages(document.Extracted{Blocks: []document.Block{paragraph(c.text)}})
		letters := 0
		for _, p := range got {
			if n := utf8.RuneCountInString(p.Text); n > Size || !utf8.ValidString(p.Text) {
				t.Errorf("%s: a passage of %d characters", c.what, n)
			}
			letters += len(strings.Fields(p.Text))
		}
		if c.what == "words" && letters != 1000 {
			t.Errorf("%d whole words of 1000", letters)
		}
	}
}

func TestALongTitleKeepsItsEnd(t *testing.T) {
	got, _ := Passages(document.Extracted{Title: strings.Repeat("é", 1000) + " end", Blocks: []document.Block{paragraph("Text.")}})
	if title := got[0].Title; utf8.RuneCountInString(title) != maxTitle || !strings.HasSuffix(title, " end") {
		t.Errorf("title %q", title)
	}
}

func FuzzPassages(f *testing.F) {
	f.Add("Title", "One. Two!\n\nThree", "# x", uint8(1), "a | b", uint8(3))
	f.Add("", strings.Repeat("long ", 500), "", uint8(9), "\xff\x00", uint8(2))
	f.Fuzz(func(t *testing.T, title, a, b string, level uint8, c string, kind uint8) {
		doc := document.Extracted{Title: title, Blocks: []document.Block{
			paragraph(a), heading(int(level), b), {Kind: document.Kind(kind % 5), Level: int(level), Text: c}, paragraph(b), {Kind: document.Code, Text: a},
		}}
		passages, all := Passages(doc)
		covered, last := make([]bool, len(all)), -1
		for i, p := range passages {
			if p.Number != i+1 || p.Text == "" || all[p.Start:p.End] != p.Text || p.End <= last || !utf8.ValidString(p.Text) {
				t.Fatalf("passage %+v after %d", p, last)
			}
			if n := utf8.RuneCountInString(p.Text); n > Size && (len(passages) > 1 || n > Whole || p.Sections != nil) {
				t.Fatalf("%d characters", utf8.RuneCountInString(p.Text))
			}
			for k := p.Start; k < p.End; k++ {
				covered[k] = true
			}
			for k, s := range p.Sections {
				if s.At <= 0 || s.At >= len(p.Text) || k > 0 && s.At <= p.Sections[k-1].At {
					t.Fatalf("sections %+v of %d bytes", p.Sections, len(p.Text))
				}
			}
			last = p.End
		}
		if strings.Contains(all, "```") || strings.Contains(all, "~~~") || strings.Contains(all, "#") {
			return // headings may be in titles only, and a fence names a language
		}
		for i, r := range all {
			if unicode.IsLetter(r) && !covered[i] {
				t.Fatalf("letter at %d of %q is in no passage", i, all)
			}
		}
	})
}

func BenchmarkPassages(bench *testing.B) {
	var doc document.Extracted
	for size := 0; size < 1<<20; {
		doc.Blocks = append(doc.Blocks, guide().Blocks...)
		for _, b := range guide().Blocks {
			size += len(b.Text)
		}
	}
	bench.SetBytes(1 << 20)
	for bench.Loop() {
		Passages(doc)
	}
}
