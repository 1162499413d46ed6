package markdown

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// change answers what takes the place of what was found.
func (f *Filter) change(rest string, found finding) {
	whole := rest[:found.size]
	switch found.kind {
	case citation:
		f.cite(rest, whole, found)
	case image: // the marks go, the link stays
		if f.prev == '!' {
			f.emit(" ", 0)
		}
		f.emit("", found.size)
	case link:
		f.emit("]("+found.text+")", found.size)
		if found.apart {
			f.emit(" ", 0)
		}
	case noLink:
		f.emit("] (", found.size)
	case define:
		f.emit(`]\`, found.size)
	case tag:
		f.emit("&lt;", found.size)
	case part:
		f.emit(" ", 0)
		f.keep(found.size)
	case refer:
		f.emit("&amp;", found.size)
	case swallow:
		f.emit(whole+" ", found.size)
	case address: // of code nobody makes a link
		if f.ticks && f.layout.loose(f.next) { // backticks would pair with those that stand alone
			begin := scheme(rest) // of which whole may be less: its last marks don't count
			f.emit(strings.NewReplacer(":", ": ", ".", " .").Replace(begin), len(begin))
			return
		}
		before, after := "`", "`"
		if f.prev == '`' || f.prev == '\\' || isLocal(f.prev) && strings.Contains(whole, "@") { // it would be an e-mail address with a backtick
			before = " `"
		}
		if strings.HasPrefix(rest[found.size:], "`") {
			after = "` "
		}
		f.emit(before+whole+after, found.size)
		if strings.Contains(whole, "[") {
			f.quoted = f.next
		}
	default: // autolink, escaped
		f.keep(found.size)
	}
}

var numbers = regexp.MustCompile(`(\d+)(?:\s*[–-]\s*(\d+))?`)

// sources are the numbers in a mark that sources have, and whether all have one.
func (f *Filter) sources(mark string) (known []int, all bool) {
	if n, err := strconv.Atoi(mark[1 : len(mark)-1]); err == nil && n >= 1 && n <= f.rules.Sources { // as most are
		return []int{n}, true
	}
	all = true
	for _, m := range numbers.FindAllStringSubmatch(mark, -1) {
		from, _ := strconv.Atoi(m[1]) // at most four digits
		to := from
		if m[2] != "" {
			to, _ = strconv.Atoi(m[2])
		}
		all = all && from >= 1 && from <= to && to <= f.rules.Sources
		for n := max(from, 1); n <= min(to, f.rules.Sources); n++ {
			if !slices.Contains(known, n) {
				known = append(known, n)
			}
		}
	}
	return known, all
}

// invisible is a character that is no space and takes none.
const invisible = "\u200b"

// beginsBlock reports whether a line that began like this might be more than
// one of a paragraph.
func beginsBlock(line string) bool {
	words := strings.TrimLeft(line, " \t")
	indent := line[:len(line)-len(words)]
	return words == "" || strings.IndexByte("\r\n~`#>+*=_-|:0123456789", words[0]) >= 0 || len(indent) > 3 || strings.Contains(indent, "\t")
}

// cite keeps the numbers of sources. What goes with a citation that has none
// stands in what was found.
func (f *Filter) cite(rest, mark string, found finding) {
	known, all := f.sources(mark)
	for _, n := range known {
		if !slices.Contains(f.cited, n) {
			f.cited = append(f.cited, n)
		}
	}
	if !all {
		f.unknown++
	}
	switch {
	case all:
		f.keep(len(mark))
	case len(known) > 0:
		f.emit("["+strings.Trim(strings.Join(strings.Fields(fmt.Sprint(known)), ", "), "[]")+"]", len(mark))
	case found.lone > 0:
		before, _ := f.nothingBefore()
		f.emit("", found.lone)
		f.emptied, f.before = f.next, before
		return
	case found.apart:
		f.emit(" ", len(mark))
		return
	case strings.IndexByte("!`\\<[]&", f.prev) >= 0: // what was apart stays apart
		f.emit(" ", len(mark))
		return
	case (f.prev > ' ' || beginsBlock(rest[len(mark):])) && f.first(f.next): // what was no fence, list, heading or table stays none
		f.emit(invisible, len(mark))
		return
	default:
		f.emit("", len(mark))
		return
	}
	if strings.HasPrefix(rest[len(mark):], ":") && f.defines(f.next-1) { // it would define a link
		f.emit(`\`, 0)
	}
}
