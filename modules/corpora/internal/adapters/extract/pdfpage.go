package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/ledongthuc/pdf"
)

// matrix is [a b c d e f] of PDF 32000-1, 8.3.4.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// run is a piece of text in a straight line. along and across are coordinates
// in the direction of the text and, growing upwards, at a right angle to it.
type run struct {
	text          string
	start, end    float64 // along
	across        float64
	size          float64
	dirX, dirY    float64
	bold, outside bool // outside: the page's furniture, such as its number
}

// textState is the part of the graphics state that text depends on.
type textState struct {
	ctm                matrix
	font               *pdfFont
	size               float64
	charSpace, wordGap float64
	stretch            float64
	leading, rise      float64
}

// pageReader runs a page's content and gathers its text.
type pageReader struct {
	ctx   context.Context
	fonts *fontCache
	limit int64 // bytes of content still allowed for the file

	state textState
	saved []textState
	tm    matrix
	line  matrix
	// artifact counts open marked content around the current one that is
	// furniture; marked says of each open one whether it is.
	artifact int
	marked   []bool
	forms    int

	runs []run
	// unreadable counts characters whose font doesn't tell what they are.
	unreadable int
}

const (
	maxFormDepth  = 12
	maxForms      = 10_000
	maxSavedState = 1_000
)

var errContentTooLarge = errors.New("page content inflates beyond the limit")

func (p *pageReader) read(page pdf.Value) error {
	p.state = textState{ctm: identity, stretch: 1}
	p.saved, p.marked, p.artifact = p.saved[:0], p.marked[:0], 0
	contents := page.Key("Contents")
	var data []byte
	switch contents.Kind() {
	case pdf.Stream:
		part, err := p.inflate(contents)
		if err != nil {
			return err
		}
		data = part
	case pdf.Array:
		for i := range contents.Len() {
			part, err := p.inflate(contents.Index(i))
			if err != nil {
				return err
			}
			data = append(append(data, part...), '\n')
		}
	}
	return p.run(data, newScope(inherited(page, "Resources")), 0)
}

// inflate reads a stream; one that is damaged gives what comes before.
func (p *pageReader) inflate(v pdf.Value) ([]byte, error) {
	if v.Kind() != pdf.Stream {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(v.Reader(), p.limit+1))
	p.limit -= int64(len(data))
	if p.limit < 0 {
		return nil, errContentTooLarge
	}
	if err != nil && len(data) == 0 {
		return nil, fmt.Errorf("reading page content: %w", err)
	}
	return data, nil
}

// inherited looks a key up in the page and its ancestors.
func inherited(page pdf.Value, key string) pdf.Value {
	const deepest = 50
	for range deepest {
		if v := page.Key(key); !v.IsNull() {
			return v
		}
		if page = page.Key("Parent"); page.IsNull() {
			break
		}
	}
	return pdf.Value{}
}

func (p *pageReader) run(data []byte, in *scope, depth int) error {
	l := &pdfLexer{src: data}
	var args []operand
	for n := 0; ; n++ {
		if n%1024 == 0 && p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		var op string
		var ok bool
		if args, op, ok = l.next(args); !ok {
			return nil
		}
		if op == "Do" {
			if err := p.form(args, in, depth); err != nil {
				return err
			}
			continue
		}
		p.operator(op, args, in)
	}
}

// form runs the content of a form that is drawn in the page.
func (p *pageReader) form(args []operand, in *scope, depth int) error {
	if len(args) != 1 || depth >= maxFormDepth || p.forms >= maxForms {
		return nil
	}
	x := in.resources.Key("XObject").Key(args[0].text)
	if x.Key("Subtype").Name() != "Form" {
		return nil
	}
	p.forms++
	data, err := p.inflate(x)
	if err != nil {
		return err
	}
	outer, saved := p.state, len(p.saved)
	if m := x.Key("Matrix"); m.Len() == 6 {
		var own matrix
		for i := range own {
			own[i] = m.Index(i).Float64()
		}
		p.state.ctm = own.times(p.state.ctm)
	}
	inner := in
	if own := x.Key("Resources"); !own.IsNull() {
		inner = newScope(own)
	}
	err = p.run(data, inner, depth+1)
	p.state, p.saved = outer, p.saved[:min(saved, len(p.saved))]
	return err
}

func (p *pageReader) operator(op string, args []operand, in *scope) {
	num := func(i int) float64 {
		if i < len(args) {
			return args[i].num
		}
		return 0
	}
	s := &p.state
	switch op {
	case "q":
		if len(p.saved) < maxSavedState {
			p.saved = append(p.saved, *s)
		}
	case "Q":
		if n := len(p.saved); n > 0 {
			*s, p.saved = p.saved[n-1], p.saved[:n-1]
		}
	case "cm":
		if len(args) == 6 {
			s.ctm = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}.times(s.ctm)
		}
	case "BT":
		p.tm, p.line = identity, identity
	case "Tc":
		s.charSpace = num(0)
	case "Tw":
		s.wordGap = num(0)
	case "Tz":
		s.stretch = num(0) / 100
	case "TL":
		s.leading = num(0)
	case "Ts":
		s.rise = num(0)
	case "Tf":
		if len(args) == 2 {
			s.font, s.size = p.fonts.get(in, args[0].text), args[1].num
		}
	case "Td":
		p.move(num(0), num(1))
	case "TD":
		s.leading = -num(1)
		p.move(num(0), num(1))
	case "Tm":
		if len(args) == 6 {
			p.line = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}
			p.tm = p.line
		}
	case "T*":
		p.move(0, -s.leading)
	case "'":
		p.move(0, -s.leading)
		p.showAll(args)
	case "\"":
		s.wordGap, s.charSpace = num(0), num(1)
		p.move(0, -s.leading)
		p.showAll(args)
	case "Tj":
		p.showAll(args)
	case "TJ":
		if len(args) == 1 {
			p.showAll(args[0].list)
		}
	case "BMC", "BDC":
		artifact := len(args) > 0 && args[0].text == "Artifact"
		if artifact {
			p.artifact++
		}
		if len(p.marked) < maxSavedState {
			p.marked = append(p.marked, artifact)
		}
	case "EMC":
		if n := len(p.marked); n > 0 {
			if p.marked[n-1] {
				p.artifact--
			}
			p.marked = p.marked[:n-1]
		}
	}
}

func (p *pageReader) move(x, y float64) {
	p.line = matrix{1, 0, 0, 1, x, y}.times(p.line)
	p.tm = p.line
}

// showAll shows strings; numbers between them move the pen back.
func (p *pageReader) showAll(args []operand) {
	for _, a := range args {
		switch a.kind {
		case stringOperand:
			p.show(a.text)
		case numberOperand:
			p.advance(-a.num / 1000 * p.state.size * p.state.stretch)
		}
	}
}

func (p *pageReader) advance(x float64) { p.tm = matrix{1, 0, 0, 1, x, 0}.times(p.tm) }

func (p *pageReader) show(codes string) {
	s := &p.state
	if s.font == nil {
		p.unreadable += len(codes)
		return
	}
	var text strings.Builder
	from := p.pen()
	for len(codes) > 0 {
		n := min(s.font.codeBytes, len(codes))
		g := s.font.glyph(codes[:n])
		if g.text == "" {
			p.unreadable++
		}
		text.WriteString(g.text)
		x := g.width*s.size + s.charSpace
		if n == 1 && codes[0] == ' ' {
			x += s.wordGap
		}
		p.advance(x * s.stretch)
		codes = codes[n:]
	}
	if text.Len() == 0 {
		return
	}
	p.add(text.String(), from, p.pen())
}

// pen is where the next glyph goes, on the page.
func (p *pageReader) pen() matrix {
	s := &p.state
	return matrix{s.stretch, 0, 0, 1, 0, s.rise}.times(p.tm).times(s.ctm)
}

func (p *pageReader) add(text string, from, to matrix) {
	length := math.Hypot(from[0], from[1])
	if length == 0 || math.IsNaN(length) || math.IsInf(length, 0) {
		return
	}
	x, y := from[0]/length, from[1]/length
	size := math.Abs(p.state.size) * math.Hypot(from[2], from[3])
	if p.state.size < 0 { // mirrored twice
		x, y = -x, -y
	}
	p.runs = append(p.runs, run{
		text:   text,
		start:  from[4]*x + from[5]*y,
		end:    to[4]*x + to[5]*y,
		across: from[5]*x - from[4]*y,
		size:   size, dirX: x, dirY: y,
		bold: p.state.font.bold, outside: p.artifact > 0,
	})
}
