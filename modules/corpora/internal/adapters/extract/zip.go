package extract

import (
	"archive/zip"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html/charset"
)

// archive is an Office file: a zip of XML parts that refer to each other.
type archive struct {
	what  string
	files map[string]*zip.File
	out   *builder
}

func openArchive(src source, what string, out *builder) (*archive, error) {
	r, err := zip.NewReader(src, src.size)
	if err != nil {
		return nil, broken(what, err)
	}
	if len(r.File) > out.limits.MaxEntries { // detect has said so already
		return nil, ErrTooLarge
	}
	a := &archive{what: what, files: make(map[string]*zip.File, len(r.File)), out: out}
	for _, f := range r.File {
		name := strings.ReplaceAll(f.Name, `\`, "/") // as some old programs for Windows write
		a.files[strings.ToLower(strings.TrimPrefix(name, "/"))] = f
	}
	return a, nil
}

func (a *archive) has(name string) bool { return a.files[strings.ToLower(name)] != nil }

// each runs f over a part's XML tokens. A part that is not there has none.
func (a *archive) each(name string, f func(tok xml.Token) error) error {
	file := a.files[strings.ToLower(name)]
	if file == nil {
		return nil
	}
	r, err := file.Open()
	if err != nil {
		return broken(a.what, err)
	}
	defer r.Close()
	d := xml.NewDecoder(&inflating{r: r, out: a.out, packed: int64(file.CompressedSize64)})
	d.CharsetReader = charset.NewReaderLabel
	d.Strict = false
	for depth := 0; ; {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil
		}
		if err != nil {
			return a.failure(name, err)
		}
		switch tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		const deepest = 1000
		if depth > deepest {
			return tooLarge("The %s nests elements more than %d deep.", a.what, deepest)
		}
		if err := f(tok); err != nil {
			return a.failure(name, err)
		}
		if a.out.err != nil {
			return a.out.err
		}
	}
}

// read gives a whole part; one that is not there is empty.
func (a *archive) read(name string) ([]byte, error) {
	file := a.files[strings.ToLower(name)]
	if file == nil {
		return nil, nil
	}
	r, err := file.Open()
	if err != nil {
		return nil, broken(a.what, err)
	}
	defer r.Close()
	data, err := io.ReadAll(&inflating{r: r, out: a.out, packed: int64(file.CompressedSize64)})
	if err != nil {
		return nil, a.failure(name, err)
	}
	return data, nil
}

// failure keeps the errors that say why already.
func (a *archive) failure(part string, err error) error {
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrEncrypted) || errors.Is(err, errFound) || errors.Is(err, ErrBroken) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return broken(a.what, fmt.Errorf("part %s: %w", part, err))
}

// inflating stops a part that inflates beyond the limits.
type inflating struct {
	r      io.Reader
	out    *builder
	packed int64
	n      int64
}

func (r *inflating) Read(p []byte) (int, error) {
	if err := r.out.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.n += int64(n)
	r.out.inflated += int64(n)
	if r.out.inflated > r.out.limits.MaxInflated {
		return n, tooLarge("The file unpacks to more than %d MB.", r.out.limits.MaxInflated>>20)
	}
	if r.n > ratioFloor && r.n > r.packed*r.out.limits.MaxRatio {
		return n, tooLarge("A part of the file unpacks to more than %d times its size, as only files made to do harm do.", r.out.limits.MaxRatio)
	}
	return n, err
}

// relation is one entry of a part's .rels file.
type relation struct{ kind, target string }

// relations of a part by id. kind is the last element of the type's address;
// target is a name in the archive. External targets are left out.
func (a *archive) relations(part string) (map[string]relation, error) {
	dir, base := path.Split(part)
	out := map[string]relation{}
	err := a.each(dir+"_rels/"+base+".rels", func(tok xml.Token) error {
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != "Relationship" || xmlAttr(e, "TargetMode") == "External" {
			return nil
		}
		target := xmlAttr(e, "Target")
		if strings.HasPrefix(target, "/") {
			target = strings.TrimPrefix(path.Clean(target), "/")
		} else {
			target = path.Join(dir, target)
		}
		out[xmlAttr(e, "Id")] = relation{kind: path.Base(xmlAttr(e, "Type")), target: target}
		return nil
	})
	return out, err
}

// side reads a part that is not the main one: when it is damaged, that costs
// only itself, and the owner is told.
func (a *archive) side(err error, format string, args ...any) error {
	if err == nil || !errors.Is(err, ErrBroken) {
		return err
	}
	a.out.warn(format, args...)
	return nil
}

// allRelated are the parts of a kind among relations, in the order of their
// names.
func allRelated(rels map[string]relation, kinds ...string) []string {
	var out []string
	for _, r := range rels {
		if slices.Contains(kinds, r.kind) && !slices.Contains(out, r.target) {
			out = append(out, r.target)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return out
}

// related finds the part of a kind among relations, or "".
func related(rels map[string]relation, kind string) string {
	for _, r := range rels {
		if r.kind == kind {
			return r.target
		}
	}
	return ""
}

// title is the one in the document's properties.
func (a *archive) title() error { return a.titleIn("docProps/core.xml") }

func (a *archive) titleIn(part string) error {
	in := false
	return a.each(part, func(tok xml.Token) error {
		switch tok := tok.(type) {
		case xml.StartElement:
			in = tok.Name.Local == "title"
		case xml.EndElement:
			in = false
		case xml.CharData:
			if in {
				a.out.setTitle(string(tok))
			}
		}
		return nil
	})
}

// xmlAttr looks an attribute up by its local name, whatever its prefix.
func xmlAttr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// xmlNumber is a number in an attribute, 1 when there is none.
func xmlNumber(e xml.StartElement, local string) int {
	if n, err := strconv.Atoi(xmlAttr(e, local)); err == nil {
		return n
	}
	return 1
}

// relationID is an element's reference to a relation; it stands beside an id
// without a prefix that means something else.
func relationID(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}
