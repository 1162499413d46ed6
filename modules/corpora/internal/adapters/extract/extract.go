package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"parley/modules/corpora/internal/core/document"
)

// Extractor reads files within its limits. It is safe for concurrent use.
type Extractor struct {
	limits Limits
	slots  chan struct{}
	// preparing guards prepared: the PDF library is compiled.
	preparing sync.Mutex
	prepared  bool
}

// New makes an Extractor; zero limits take their defaults.
func New(limits Limits) *Extractor {
	limits = limits.withDefaults()
	return &Extractor{limits: limits, slots: make(chan struct{}, limits.Parallel)}
}

// Extract reads the size bytes of src. It waits for its turn as long as ctx
// lets it. The document has at least one block when the error is nil, and at
// most its MIME otherwise, for a file of a known type that can't be read; the
// errors are described at ErrEmpty. After a timeout src may still be read from
// for a while, so its ReadAt must be safe after Close, as that of os.File is.
func (x *Extractor) Extract(ctx context.Context, src io.ReaderAt, size int64, hint document.Hint) (document.Extracted, error) {
	var none document.Extracted
	if size <= 0 {
		return none, ErrEmpty
	}
	if size > x.limits.MaxBytes {
		return none, tooLarge("The file has %d bytes, and at most %d can be read.", size, x.limits.MaxBytes)
	}
	select {
	case x.slots <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	pdf := (len(x.limits.Child) > 0 || x.limits.CacheDir != "") && looksLikePDF(src)
	if pdf {
		x.prepare(ctx)
	}
	timed, cancel := context.WithTimeout(ctx, x.limits.MaxTime)
	defer cancel()

	doc, err := x.start(timed, src, size, hint, pdf)
	if err != nil {
		if ctx.Err() != nil {
			return none, ctx.Err()
		}
		if timed.Err() != nil {
			return none, ErrTimedOut
		}
		return doc, err
	}
	return doc, nil
}

// start gives the slot back when the work has really ended, which for work in
// this process may be after the deadline.
func (x *Extractor) start(ctx context.Context, src io.ReaderAt, size int64, hint document.Hint, pdf bool) (document.Extracted, error) {
	if len(x.limits.Child) > 0 && (pdf || size > smallFile) {
		defer func() { <-x.slots }()
		return runChild(ctx, src, size, hint, x.limits)
	}
	type result struct {
		doc document.Extracted
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-x.slots }()
		doc, err := parse(ctx, src, size, hint, x.limits)
		done <- result{doc, err}
	}()
	select {
	case r := <-done:
		return r.doc, r.err
	case <-ctx.Done():
		return document.Extracted{}, ctx.Err()
	}
}

// source is the file as every format's reader gets it.
type source struct {
	io.ReaderAt
	size    int64
	name    string
	charset string // that somebody declared
}

// all reads the whole file into memory; Limits.MaxBytes has bounded it.
func (s source) all() ([]byte, error) {
	data := make([]byte, s.size)
	if n, err := s.ReadAt(data, 0); err != nil && !(errors.Is(err, io.EOF) && n == len(data)) {
		return nil, fmt.Errorf("reading the source: %w", err)
	}
	return data, nil
}

// parse decides the format and reads it, in this goroutine. A panic becomes
// ErrBroken. Beside an error the document has the format's MIME, once that is
// known, and nothing else.
func parse(ctx context.Context, at io.ReaderAt, size int64, hint document.Hint, limits Limits) (doc document.Extracted, err error) {
	kind, mime := "file", ""
	defer func() {
		if p := recover(); p != nil {
			err = broken(kind, fmt.Errorf("panic: %v", p))
		}
		if err != nil {
			doc = document.Extracted{MIME: mime}
		}
	}()
	src := source{ReaderAt: at, size: size, name: hint.Name, charset: hint.Charset}
	f, err := detect(ctx, src, limits)
	if err != nil {
		return doc, err
	}
	kind, mime = f.what, f.mime
	out := newBuilder(ctx, limits)
	if err := f.read(src, out); err != nil {
		return doc, err
	}
	return out.finish(f)
}
