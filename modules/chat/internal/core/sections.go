package core

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"parley/modules/corpora"
	"parley/platform/kernel/text"
)

// section names where in a source the sentences stand that cite it: the
// section of each, as the answerer says, or else the one that has most of the
// words of the sentence. A source whose sections can't be told apart by them
// is named after its first.
func (x *execution) section(number int) string {
	p := x.prompt.Passages[number-1]
	if len(p.Sections) == 0 {
		return p.Title
	}
	var titles []string
	add := func(title string) {
		if !slices.Contains(titles, title) {
			titles = append(titles, title)
		}
	}
	for _, q := range x.reply.Quotes {
		if q.Number == number {
			add(p.SectionAt(q.At))
		}
	}
	if len(titles) == 0 {
		for _, sentence := range citing(x.reply.Text, number) {
			if title, known := bestSection(p, sentence); known {
				add(title)
			}
		}
	}
	if len(titles) == 0 {
		return p.Title
	}
	return joinTitles(titles)
}

// mark is one citation, or several side by side.
var mark = regexp.MustCompile(`(?:\[\d[\d\s,–-]*\][ \t]*)+`)

// citing answers the sentences of an answer that cite a source. Such a sentence
// ends at a mark, and begins after the mark before it or the end of the
// sentence before it.
func citing(answer string, number int) (out []string) {
	last, carried := 0, ""
	for _, at := range mark.FindAllStringIndex(answer, -1) {
		before := answer[last:at[0]]
		last = at[1]
		if all := text.Sentences(before); len(all) > 0 {
			if s := before[all[len(all)-1].Start:]; len(stems(s)) > 0 { // else, as in "[1], [2]", the marks share one
				carried = s
			}
		}
		if cites(answer[at[0]:at[1]], number) {
			out = append(out, carried)
		}
	}
	return out
}

var numbers = regexp.MustCompile(`(\d+)(?:\s*[–-]\s*(\d+))?`)

// cites reports whether a mark has a number, alone or within a range.
func cites(mark string, number int) bool {
	for _, m := range numbers.FindAllStringSubmatch(mark, -1) {
		from, _ := strconv.Atoi(m[1]) // what is no number that fits is none of a source
		to, _ := strconv.Atoi(cmp.Or(m[2], m[1]))
		if from <= number && number <= to {
			return true
		}
	}
	return false
}

// bestSection is the section of a passage that has most of the words of a
// sentence, words that few sections have counting more. It is known when one
// section has more of them than every other.
func bestSection(p corpora.Passage, sentence string) (title string, known bool) {
	wanted := stems(sentence)
	sections := append([]corpora.Section{{Title: p.Title}}, p.Sections...)
	has := make([]map[string]bool, len(sections))
	frequency := map[string]int{}
	for i, s := range sections {
		to := len(p.Text)
		if i+1 < len(sections) {
			to = sections[i+1].At
		}
		// The first begins under a heading that is in its title alone.
		has[i] = stems(s.Title[strings.LastIndex(s.Title, "›")+1:] + "\n" + p.Text[min(s.At, to):min(to, len(p.Text))])
		for stem := range has[i] {
			frequency[stem]++
		}
	}
	best := 0.0
	for i, s := range sections {
		sum := 0.0
		for stem := range wanted {
			if has[i][stem] && frequency[stem] < len(sections) {
				sum += 1 / float64(frequency[stem])
			}
		}
		switch {
		case sum > best:
			best, title, known = sum, s.Title, true
		case sum == best && title != s.Title:
			known = false
		}
	}
	return title, known
}

// stems are the words of a text, without stop words.
func stems(s string) map[string]bool {
	out := map[string]bool{}
	for w := range text.Words(s) {
		if !text.IsStop(w.Form) {
			out[text.Stem(w.Form)] = true
		}
	}
	return out
}

// between are the headings of a title.
const between = " › "

// joinTitles names several sections of one document: what they share once,
// then the rest of each.
func joinTitles(titles []string) string {
	first := strings.Split(titles[0], between)
	shared := len(first) - 1
	for _, t := range titles[1:] {
		parts := strings.Split(t, between)
		n := 0
		for n < shared && n < len(parts)-1 && parts[n] == first[n] {
			n++
		}
		shared = n
	}
	rests := make([]string, len(titles))
	for i, t := range titles {
		rests[i] = strings.Join(strings.Split(t, between)[shared:], between)
	}
	return strings.Join(append(slices.Clone(first[:shared]), strings.Join(rests, "; ")), between)
}
