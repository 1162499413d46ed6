package markdown

import "strings"

// apart reports whether what follows a link of so many bytes can't be taken for
// more of its address: if no bracket opens it, readers see a bare address, which
// goes on behind it. It is not sure while that may come.
func (f *Filter) apart(rest string, size int, last bool) (apart, sure bool) {
	if label, ok := f.label(); ok && !ticked(label) { // it surely is a link
		return true, true
	}
	for _, c := range []byte(f.head(rest[size:], longestMarks)) {
		switch {
		case strings.IndexByte(trailing, c) >= 0:
		case c <= ' ':
			return true, true
		default:
			return false, true
		}
	}
	return len(rest) < size+longestMarks, last || len(rest) >= size+longestMarks
}

// label is what a bracket opened that is plain up to here, if one did.
func (f *Filter) label() (string, bool) {
	from := max(0, f.next-longestLabel+100)
	label := f.raw[from:f.next]
	i := strings.LastIndexAny(label, "[]\\`<|\n")
	if i < 0 || label[i] != '[' || i > 0 && label[i-1] == '\\' || from+i < f.quoted {
		return "", false
	}
	return label[i+1:], true
}

// ticked reports whether some readers take a label for the box of a task.
func ticked(label string) bool { return len(label) == 1 && strings.ContainsAny(label, "xX \t") }

func (f *Filter) angle(rest string, last bool, incomplete finding) finding {
	if len(rest) == 1 {
		return incomplete
	}
	c := rest[1] | 0x20
	if (c < 'a' || c > 'z') && strings.IndexByte("/!?", rest[1]) < 0 {
		return finding{kind: nothing, size: 1}
	}
	inner := rest[1:]
	if m := addressed.FindString(f.head(inner, longestAddress+1)); m != "" && inner[0]|0x20 == 'h' {
		switch {
		case len(m) == len(inner) && !last:
			return finding{kind: more}
		case len(m) == len(inner) || len(m) > longestAddress || inner[len(m)] != '>':
		case f.known(m):
			return finding{kind: autolink, size: len(m) + 2, asked: true}
		default:
			return finding{kind: tag, size: 1, asked: true}
		}
	} else if !last && f.isPrefix(inner) {
		return finding{kind: more}
	} else if found, ok := f.mailbox(rest, last); ok && isAlnum(inner[0]) { // "!--" begins a comment
		return found
	}
	return finding{kind: tag, size: 1}
}
