package httpv1

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/text"
	"parley/platform/web"
)

// maxField bounds a plain field of an upload, in bytes.
const maxField = 4 << 10

// form is an upload. Its content waits in a temporary file, since a backend may
// have to read it more than once.
type form struct {
	fields  map[string]string
	content *core.Content
	spool   *os.File
	problem error // the first that a value has
}

// receive reads an upload, of callers who may make one.
func (a *API) receive(ctx context.Context, each func(func(web.Part) error) error, names ...string) (*form, error) {
	f := &form{fields: map[string]string{}}
	if actor.From(ctx).Level < actor.ApplicationAdmin { // the edge has seen to it; nothing is spooled for others
		return f, core.ErrNotAdmin
	}
	return f, each(func(p web.Part) error {
		_, twice := f.fields[p.Name]
		switch {
		case twice || p.Name == "content" && f.content != nil:
			return web.ErrMalformed.WithMessage(fmt.Sprintf("The field %q is given twice.", p.Name)).WithField(p.Name, "is given twice")
		case p.Name == "content":
			return f.take(p)
		case !slices.Contains(names, p.Name):
			return web.ErrMalformed.WithMessage(fmt.Sprintf("The field %q is not one of this operation.", p.Name)).WithField(p.Name, "is not a field of this operation")
		}
		value, err := io.ReadAll(io.LimitReader(p, maxField+1))
		if err != nil {
			return err
		}
		if len(value) > maxField || !utf8.Valid(value) {
			return unacceptable(p.Name, "is too long, or no text")
		}
		f.fields[p.Name] = text.Readable(string(value))
		return nil
	})
}

func (f *form) take(p web.Part) error {
	spool, err := os.CreateTemp("", "parley-upload-*")
	if err != nil {
		return fmt.Errorf("making a temporary file: %w", err)
	}
	f.spool = spool
	size, err := io.Copy(spool, p)
	if err != nil {
		return err
	}
	f.content = &core.Content{Size: size, ReadSeeker: spool}
	return nil
}

// close removes the temporary file. What stays behind is the system's to clean.
func (f *form) close() {
	if f.spool != nil {
		f.spool.Close()
		_ = os.Remove(f.spool.Name())
	}
}

func unacceptable(name, what string) error {
	return web.ErrUnacceptable.WithMessage(fmt.Sprintf("The field %q %s.", name, what)).WithField(name, what)
}

func (f *form) text(name string) string { return strings.TrimSpace(f.fields[name]) }

// id is a positive integer, or nil when it is not sent.
func (f *form) id(name string) *int64 {
	text, sent := f.fields[name]
	if !sent {
		return nil
	}
	id, err := web.Integer(strings.TrimSpace(text))
	if (err != nil || id < 1) && f.problem == nil {
		f.problem = unacceptable(name, "must be a positive integer")
	}
	return &id
}

// oneOf is one of the values, or "" when it is not sent.
func (f *form) oneOf(name string, values ...string) string {
	text := f.text(name)
	if text != "" && !slices.Contains(values, text) && f.problem == nil {
		f.problem = unacceptable(name, "must be one of "+strings.Join(values, ", "))
	}
	return text
}
