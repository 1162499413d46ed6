package extract

import (
	"bytes"
	"strconv"
)

// operandKind is the type of an operand in a content stream.
type operandKind uint8

const (
	numberOperand operandKind = iota
	stringOperand
	nameOperand
	arrayOperand
	otherOperand // dictionaries, booleans, null
)

type operand struct {
	kind operandKind
	num  float64
	text string // of a string or a name
	list []operand
}

// pdfLexer reads a content stream or a character map: operands, then the
// operator that they are for. It accepts whatever it is given: damage costs
// the operands around it, and never more.
type pdfLexer struct {
	src []byte
	pos int
}

const (
	// maxOperands before one operator; older ones are forgotten.
	maxOperands = 1 << 16
	// maxPDFNesting of arrays and dictionaries.
	maxPDFNesting = 50
)

// next returns the operands before the next operator, and the operator; ok is
// false at the end.
func (l *pdfLexer) next(operands []operand) (args []operand, operator string, ok bool) {
	args = operands[:0]
	for {
		l.space()
		if l.pos >= len(l.src) {
			return args, "", false
		}
		if o, word := l.object(0); word != "" {
			if word == "ID" {
				l.skipImage()
			}
			return args, word, true
		} else if len(args) < maxOperands {
			args = append(args, o)
		}
	}
}

// object reads one operand, or else the word of an operator. Either way it
// moves on by at least one byte.
func (l *pdfLexer) object(depth int) (operand, string) {
	switch c := l.src[l.pos]; {
	case c == '(':
		l.pos++
		return operand{kind: stringOperand, text: l.literal()}, ""
	case c == '<' && l.at(1) == '<':
		l.pos += 2
		l.collect('>', depth)
		return operand{kind: otherOperand}, ""
	case c == '<':
		l.pos++
		return operand{kind: stringOperand, text: l.hex()}, ""
	case c == '[':
		l.pos++
		return operand{kind: arrayOperand, list: l.collect(']', depth)}, ""
	case c == '/':
		l.pos++
		return operand{kind: nameOperand, text: l.name()}, ""
	case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.':
		return operand{num: l.number()}, ""
	case isDelimiter(c):
		l.pos++
		return operand{kind: otherOperand}, ""
	}
	start := l.pos
	for l.pos < len(l.src) && !isSpace(l.src[l.pos]) && !isDelimiter(l.src[l.pos]) {
		l.pos++
	}
	word := string(l.src[start:l.pos])
	if word == "true" || word == "false" || word == "null" {
		return operand{kind: otherOperand}, ""
	}
	return operand{}, word
}

// collect reads what stands in an array or dictionary, and its end.
func (l *pdfLexer) collect(closing byte, depth int) []operand {
	var list []operand
	for {
		l.space()
		if l.pos >= len(l.src) {
			return list
		}
		if l.src[l.pos] == closing {
			l.pos++
			if closing == '>' && l.at(0) == '>' {
				l.pos++
			}
			return list
		}
		if depth >= maxPDFNesting {
			l.pos++
			continue
		}
		o, word := l.object(depth + 1)
		if word == "" && len(list) < maxOperands {
			list = append(list, o)
		}
	}
}

func (l *pdfLexer) at(offset int) byte {
	if l.pos+offset < len(l.src) {
		return l.src[l.pos+offset]
	}
	return 0
}

func (l *pdfLexer) space() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '%':
			for l.pos < len(l.src) && l.src[l.pos] != '\n' && l.src[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

// literal reads a string in parentheses, which may be nested.
func (l *pdfLexer) literal() string {
	var out []byte
	for depth := 1; l.pos < len(l.src); {
		c := l.src[l.pos]
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return string(out)
			}
		case '\\':
			out = l.escape(out)
			continue
		}
		out = append(out, c)
	}
	return string(out)
}

func (l *pdfLexer) escape(out []byte) []byte {
	c := l.at(0)
	l.pos++
	switch c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\r': // a line that goes on
		if l.at(0) == '\n' {
			l.pos++
		}
		return out
	case '\n':
		return out
	}
	if c < '0' || c > '7' {
		return append(out, c)
	}
	v := int(c - '0')
	for range 2 {
		if d := l.at(0); d >= '0' && d <= '7' {
			v = v*8 + int(d-'0')
			l.pos++
		}
	}
	return append(out, byte(v))
}

func (l *pdfLexer) hex() string {
	var out []byte
	half, v := false, byte(0)
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		l.pos++
		if c == '>' {
			break
		}
		d, ok := hexDigit(c)
		if !ok {
			continue
		}
		if half = !half; half {
			v = d << 4
		} else {
			out = append(out, v|d)
		}
	}
	if half {
		out = append(out, v)
	}
	return string(out)
}

func (l *pdfLexer) name() string {
	var out []byte
	for l.pos < len(l.src) && !isSpace(l.src[l.pos]) && !isDelimiter(l.src[l.pos]) {
		c := l.src[l.pos]
		l.pos++
		if c == '#' {
			hi, ok1 := hexDigit(l.at(0))
			lo, ok2 := hexDigit(l.at(1))
			if ok1 && ok2 {
				c = hi<<4 | lo
				l.pos += 2
			}
		}
		out = append(out, c)
	}
	return string(out)
}

func (l *pdfLexer) number() float64 {
	start := l.pos
	for l.pos++; l.pos < len(l.src); l.pos++ {
		if c := l.src[l.pos]; (c < '0' || c > '9') && c != '.' && c != '-' {
			break
		}
	}
	v, err := strconv.ParseFloat(string(l.src[start:l.pos]), 64)
	if err != nil {
		return 0
	}
	return v
}

// skipImage moves behind the EI that ends the data of an inline image.
func (l *pdfLexer) skipImage() {
	for l.pos < len(l.src) {
		i := bytes.Index(l.src[l.pos:], []byte("EI"))
		if i < 0 {
			l.pos = len(l.src)
			return
		}
		end := l.pos + i
		l.pos = end + 2
		before := end == 0 || isSpace(l.src[end-1])
		after := l.pos >= len(l.src) || isSpace(l.src[l.pos])
		if before && after && looksLikeContent(l.src[l.pos:]) {
			return
		}
	}
}

// looksLikeContent: binary data may hold an EI between blanks, but not with
// text after it.
func looksLikeContent(src []byte) bool {
	const window = 16
	for _, c := range src[:min(len(src), window)] {
		if c >= 0x80 || c < 0x20 && !isSpace(c) {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
