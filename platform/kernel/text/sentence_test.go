package text

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func sentences(s string) []string {
	var out []string
	for _, x := range Sentences(s) {
		out = append(out, strings.Join(strings.Fields(s[x.Start:x.End]), " "))
	}
	return out
}

func TestSentencesEndWhereAReaderStops(t *testing.T) {
	for _, c := range []struct {
		what, in string
		want     []string
	}{
		{"nothing", " \n ", nil},
		{"titles, initials, hours and countries", "Dr. Smith met J. R. Ewing at 5 p.m. in the U.S. The end came.",
			[]string{"Dr. Smith met J. R. Ewing at 5 p.m. in the U.S.", "The end came."}},
		{"abbreviations and numbers", "See Fig. 3, e.g. this. It cost $3.14. He said no. Then he left.",
			[]string{"See Fig. 3, e.g. this.", "It cost $3.14.", "He said no.", "Then he left."}},
		{"quotes", "\"Why?\" he asked. “Because.” She left.", []string{"\"Why?\" he asked.", "“Because.”", "She left."}},
		{"reference marks", "It is old.[3] It stands.", []string{"It is old.[3]", "It stands."}},
		{"firms", "Apple Inc. was founded. Apple Inc. The end.", []string{"Apple Inc. was founded.", "Apple Inc.", "The end."}},
		{"files and versions", "Edit config.yml for v1.2.3 of node.js. Restart.", []string{"Edit config.yml for v1.2.3 of node.js.", "Restart."}},
		{"tokenised text", "the wing was made . the results were good .", []string{"the wing was made .", "the results were good ."}},
		{"no capitals anywhere", "it works. try it", []string{"it works.", "try it"}},
		{"chinese", "我喜欢北京。你呢？好的！", []string{"我喜欢北京。", "你呢？", "好的！"}},
		{"hindi and arabic", "यह घर है। वह पेड़ है। ما اسمك؟ اسمي علي.", []string{"यह घर है।", "वह पेड़ है।", "ما اسمك؟", "اسمي علي."}},
		{"wrapped lines are joined", "This sentence is long enough to have been wrapped\nby an editor. Next.",
			[]string{"This sentence is long enough to have been wrapped by an editor.", "Next."}},
		{"short lines are not", "Roses are red\nViolets are blue", []string{"Roses are red", "Violets are blue"}},
		{"markdown", "# Start here\nRun it.\n- one\n- two. More\n1. first\n\n```sh\nmake a\nmake b\n```\n\n| k | v |\n|---|---|\n| a | 1 |\n> Quoted. Twice.\n---\nEnd",
			[]string{"Start here", "Run it.", "one", "two.", "More", "first", "make a", "make b", "| k | v |", "| a | 1 |", "Quoted.", "Twice.", "End"}},
		{"indented code", "Run this.\n\n    go build\n    go test\n\nDone.", []string{"Run this.", "go build", "go test", "Done."}},
	} {
		if diff := cmp.Diff(c.want, sentences(c.in)); diff != "" {
			t.Errorf("%s:\n%s", c.what, diff)
		}
	}
}

func TestSentencesKnowTheirShape(t *testing.T) {
	var got []Shape
	for _, s := range Sentences("# A\nText here.\n- item\n\n```\ncode\n```\n| a | b |\n") {
		got = append(got, s.Shape)
	}
	if diff := cmp.Diff([]Shape{Heading, Prose, Item, Code, Row}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzSentences(f *testing.F) {
	for _, s := range []string{"A. B! c?", "# x\n- y\n```\nz\n", "1. a.\n\t| |\n> >", "\"x.\" [1] ...", "。！a\u00a0."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		covered := make([]bool, len(s))
		for _, x := range Sentences(s) {
			if x.Start < last || x.End <= x.Start || x.End > len(s) {
				t.Fatalf("sentence %+v after %d in %q", x, last, s)
			}
			last = x.End
			for i := x.Start; i < x.End; i++ {
				covered[i] = true
			}
		}
		if strings.Contains(s, "```") || strings.Contains(s, "~~~") {
			return // the line of a fence may name a language
		}
		for i, r := range s {
			if unicode.IsLetter(r) && !covered[i] {
				t.Fatalf("letter at %d of %q is in no sentence", i, s)
			}
		}
	})
}

func BenchmarkSentences(b *testing.B) {
	s := strings.Repeat("The server keeps its files in one directory, e.g. parley-data. It is made at the first start.\n\n", 10)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Sentences(s)
	}
}
