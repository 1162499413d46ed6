package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"

	"parley/platform/kernel/text"
)

// Multipart is the body of an upload, read part by part as it arrives. T says
// what the parts are, for OpenAPI; fields of type []byte are files. A request
// that has a Body as well takes either of the two.
type Multipart[T any] struct {
	reader *multipart.Reader
	body   io.Reader // what reader reads, which fails for good once it is over limit
	limit  int64
	digest *digest // nil when nobody needs it
	fields *binding
}

// Sent reports whether there is an upload: a request with a Body and a
// Multipart takes either.
func (m *Multipart[T]) Sent() bool { return m.reader != nil }

func isMultipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// Part is one part of an upload.
type Part struct {
	Name     string // of the form field
	FileName string // "" for a plain field
	Type     string // as the client declares it
	io.Reader
}

type multipartField interface {
	open(r *http.Request, limit int64, fields *binding) error
	form() reflect.Type
}

// maxParts bounds the number of parts of an upload.
const maxParts = 100

func (m *Multipart[T]) open(r *http.Request, limit int64, fields *binding) error {
	if err := refuseCoding(r); err != nil {
		return err
	}
	if r.ContentLength > limit {
		return tooLarge(&http.MaxBytesError{Limit: limit}, limit)
	}
	streamed(r)
	r.Body = http.MaxBytesReader(nil, r.Body, limit)
	if _, err := headerOnce(r, "Content-Type"); err != nil {
		return err
	}
	if !isMultipart(r) {
		return ErrContentType.WithMessage("Send the body as multipart/form-data.")
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return ErrContentType.WithMessage("Send the body as multipart/form-data, with the boundary of its parts in the Content-Type.")
	}
	m.reader, m.body, m.limit, m.fields = reader, r.Body, limit, fields
	if d := digestOf(r.Context()); d != nil {
		d.of, m.digest = reader, d
	}
	return nil
}

func (*Multipart[T]) form() reflect.Type { return reflect.TypeFor[T]() }

// Each calls fn for every part, in order. A part can be read only during its
// call. A body over the limit, or broken, is an error that says so.
func (m *Multipart[T]) Each(fn func(Part) error) error {
	for n := 0; ; n++ {
		part, err := m.reader.NextPart()
		switch {
		case err == io.EOF: // wrapped, it means that the last boundary is missing
			m.digest.end()
			return nil
		case err != nil:
			return m.brokenForm()
		case n == maxParts:
			return ErrMalformed.WithMessage(fmt.Sprintf("The upload has more than %d parts.", maxParts))
		}
		content := m.digest.part(part)
		if err := fn(Part{Name: part.FormName(), FileName: fileName(part), Type: part.Header.Get("Content-Type"), Reader: content}); err != nil {
			return m.broken(err)
		}
		if err := m.digest.endPart(content); err != nil {
			return m.broken(err)
		}
	}
}

// fileName is the name of a part's file. Browsers write a quote in it as %22,
// and the ends of lines as %0D and %0A, and nothing else in this way.
func fileName(p *multipart.Part) string {
	return fromBrowser.Replace(text.Readable(p.FileName()))
}

var fromBrowser = strings.NewReplacer("%22", `"`, "%0D%0A", " ", "%0D", " ", "%0A", " ")

var errBrokenForm = ErrMalformed.WithMessage("The upload ends too early or is not well-formed.")

// brokenForm explains why the next part can't be found: whatever is not the
// limit is the form's own fault. The body is asked, since the form's reader
// tells of an end alone when it was stopped within a header.
func (m *Multipart[T]) brokenForm() error {
	_, err := m.body.Read(make([]byte, 1))
	if limited := tooLarge(err, m.limit); errors.Is(limited, ErrTooLarge) {
		return limited
	}
	return errBrokenForm
}

// broken explains what happened while a part was read.
func (m *Multipart[T]) broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errBrokenForm
	}
	return tooLarge(err, m.limit)
}
