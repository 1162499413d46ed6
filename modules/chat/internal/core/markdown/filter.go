package markdown

import "strings"

// Rules are what an answer is held to.
type Rules struct {
	// Sources is how many sources there are; a citation has one of the numbers
	// from 1.
	Sources int
	// Known reports whether an address may be a link: of the web, of this server,
	// or "mailto:" and an e-mail address.
	Known func(address string) bool
}

// Filter makes the answer of a model's text, piece by piece. It belongs to one
// goroutine.
type Filter struct {
	rules   Rules
	buffer  strings.Builder
	raw     string // the buffer's text: that of the blocks that may go on
	lines   int    // how much of raw is whole lines
	spaces  int    // how many raw ends with
	ticks   bool   // raw may have code
	next    int    // what of raw is dealt with
	out     strings.Builder
	kept    int  // what of raw follows out as it is, up to next, begins here
	prev    byte // what was answered last
	changed int  // where raw goes on behind what was changed last
	joint   byte // what was answered there
	emptied int  // up to where all but before has gone from a line of citations
	before  string
	quoted  int // where raw goes on behind the last bracket that is in code now
	layout  layout
	read    int // how much of raw layout knows
	cutAt   int // how long raw was when it was last tried to be cut
	worth   int // how many whole lines it takes to try, in bytes
	cited   []int
	unknown int
	asked   int // addresses that are dealt with
	looked  int // bytes that were looked at, those that were more than once as often
}

// New returns a filter for one answer.
func New(r Rules) *Filter { return &Filter{rules: r, prev: '\n', joint: '\n', worth: fewLines} }

// Cited are the sources that the answer cites, in the order of their first
// mention; Unknown is how many citations of no source were taken out.
func (f *Filter) Cited() []int { return f.cited }

// Unknown is how many citations named no source and were taken out.
func (f *Filter) Unknown() int { return f.unknown }

// Add takes a piece of the model's text and answers what is now final.
func (f *Filter) Add(piece string) string {
	f.extend(piece)
	return f.run(false)
}

func (f *Filter) extend(piece string) {
	const (
		indent = 4   // spaces make a line code
		usual  = 512 // bytes of an answer, or of what is held of one
	)
	before := f.buffer.Len()
	if before == 0 {
		f.buffer.Grow(usual)
	}
	f.buffer.WriteString(piece)
	f.raw = f.buffer.String()
	for i := range len(piece) {
		switch piece[i] {
		case ' ':
			f.spaces++
			f.ticks = f.ticks || f.spaces == indent
			continue
		case '\n':
			f.lines = before + i + 1
		case '`', '~', '\t':
			f.ticks = true
		}
		f.spaces = 0
	}
}

// Close answers what was held back, for the text is whole.
func (f *Filter) Close() string { return f.run(true) }

func (f *Filter) run(last bool) string {
	for f.next < len(f.raw) && f.step(last) {
	}
	out := f.raw[f.kept:f.next] // most pieces are answered as they came
	if f.out.Len() > 0 {
		f.out.WriteString(out)
		out = f.out.String()
		f.out.Reset()
	}
	if !last {
		f.cut()
	}
	f.kept = f.next
	return out
}

// special are the bytes that may begin something that is changed.
const special = `[]!<\@&fFhHwW`

// isSpecial are the same as a table: most pieces are a word.
var isSpecial = func() (is [256]bool) {
	for i := range len(special) {
		is[special[i]] = true
	}
	return is
}()

// plain is how many bytes begin nothing that is changed.
func plain(s string) int {
	for i := range len(s) {
		if isSpecial[s[i]] {
			return i
		}
	}
	return len(s)
}

// step deals with what comes next; it is false when more must come first.
func (f *Filter) step(last bool) bool {
	rest := f.raw[f.next:]
	if n := plain(rest); n > 0 {
		f.keep(n)
		return true
	}
	found := f.find(rest, last)
	switch found.kind {
	case more:
		if v := f.verdict(f.next, last); v != code && (v != inline || rest[0] == '<') {
			return false
		}
		f.keep(1)
		return true
	case nothing:
		f.count(found)
		f.keep(found.size)
		return true
	}
	v := f.verdict(f.next, last)
	if v == unknown {
		return false
	}
	f.count(found)
	switch {
	case v == code, v == cell && found.kind == citation,
		v == inline && !found.glued && (found.kind != tag || !f.leads(f.next)): // HTML at the start of a line ends the span
		f.keep(1)
	default:
		f.change(rest, found)
	}
	return true
}

func (f *Filter) count(found finding) {
	if found.asked {
		f.asked++
	}
}

// keep answers so many bytes, at least one, as they are.
func (f *Filter) keep(size int) {
	f.next += size
	f.prev = f.raw[f.next-1]
}

// emit answers s in the place of so many bytes.
func (f *Filter) emit(s string, size int) {
	f.out.WriteString(f.raw[f.kept:f.next])
	if s != "" {
		f.out.WriteString(s)
		f.prev = s[len(s)-1]
	}
	f.next += size
	f.kept = f.next
	f.changed, f.joint = f.next, f.prev
}

// fewLines are not worth reading only to forget them.
const fewLines = 512

// small is a text that costs nothing to read anew.
const small = 4 << 10

// grown reports whether it is worth reading raw again, so that all readings
// together cost no more than a few of the whole.
func grown(before, now int) bool { return now <= small || now-before >= before/4 }

// verdict says whether a place of raw is code.
func (f *Filter) verdict(i int, last bool) verdict {
	if !f.ticks {
		return words
	}
	if f.read != len(f.raw) && (last || grown(f.read, len(f.raw))) {
		f.layout, f.read = f.layoutOf(f.raw), len(f.raw)
	}
	if f.read != len(f.raw) { // what was read may do
		if v := f.layout.at(min(i, f.read), false); i < f.read {
			return v
		}
		return unknown
	}
	return f.layout.at(i, last)
}

// cut forgets the blocks that can't go on.
func (f *Filter) cut() {
	lines := f.lines
	if lines < f.worth || f.cutAt == lines || !grown(f.cutAt, lines) {
		return
	}
	f.cutAt = lines
	l := f.layoutOf(f.raw[:lines])
	if len(l.tops) == 0 {
		return
	}
	from := 0
	for _, top := range l.tops {
		if top <= f.next {
			from = top
		}
	}
	head := ""
	// Of a fence that is open its first line and the last do.
	if n := len(l.opens); n > 0 && l.opens[n-1].start == from && f.next >= lines && l.goesOn(lines) {
		head = f.raw[from : l.opens[n-1].stop+1]
		from = lines
	}
	if from <= len(head) {
		return
	}
	rest := head + f.raw[from:]
	f.next += len(head) - from
	f.changed += len(head) - from
	f.quoted += len(head) - from
	f.emptied += len(head) - from
	f.buffer.Reset()
	f.lines, f.spaces, f.ticks, f.read, f.cutAt, f.layout = 0, 0, false, 0, 0, layout{}
	f.extend(rest)
	f.cutAt = f.lines
}

// goesOn reports whether the fence at the end of the text is open: its last
// line is one of code.
func (l *layout) goesOn(end int) bool {
	n := len(l.blocks)
	return n > 0 && l.blocks[n-1].stop == end
}
