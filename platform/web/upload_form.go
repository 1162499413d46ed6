package web

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"parley/platform/kernel/text"
)

// newParts works out what the parts of an upload are: the fields of type t.
// Those of type []byte are files, the others texts, whose length is bounded.
func (b *binding) newParts(t reflect.Type) error {
	for _, f := range reflect.VisibleFields(t) {
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		p := textField(b.registry, f, "json")
		p.name, p.required = name, option == ""
		p.file, p.repeats = f.Type == reflect.TypeFor[[]byte](), f.Tag.Get("repeats") == "true"
		if !p.file && (!settable(f.Type) || f.Type.Kind() == reflect.String && p.schema.MaxLength == nil && p.schema.Enum == nil) {
			return fmt.Errorf("the part %q of the upload %s has no maxLength, or the unsupported type %s", name, t, f.Type)
		}
		b.parts = append(b.parts, p)
	}
	return nil
}

// most is the longest text of a part, in bytes: any number, or a word.
func (f boundField) most() int64 {
	if f.schema != nil && f.schema.MaxLength != nil {
		return int64(*f.schema.MaxLength) * utf8.UTFMax
	}
	return 100
}

// Form reads an upload. Each text is checked against what T says and set in
// the form that is answered, with the names of what was sent. Each file is
// given to fn while it arrives, whatever came before it. A field that T does
// not have, one given twice (but for a file tagged repeats:"true"), and one
// that is missing are malformed.
func (m *Multipart[T]) Form(fn func(Part) error) (form T, sent map[string]bool, err error) {
	sent = map[string]bool{}
	v := reflect.ValueOf(&form).Elem()
	err = m.Each(func(p Part) error {
		f := m.fields.partOf(p.Name)
		switch {
		case f == nil && p.Name == "":
			return ErrMalformed.WithMessage("A part of the upload has no name.")
		case f == nil:
			return ErrMalformed.WithMessage(fmt.Sprintf("The field %q is not one of this operation.", p.Name)).WithField(p.Name, "is not a field of this operation")
		case sent[p.Name] && !f.repeats:
			return ErrMalformed.WithMessage(fmt.Sprintf("The field %q is given twice.", p.Name)).WithField(p.Name, "is given twice")
		}
		sent[p.Name] = true
		if f.file {
			return fn(p)
		}
		value, err := io.ReadAll(io.LimitReader(p, f.most()+1))
		if err != nil {
			return err
		}
		if int64(len(value)) > f.most() {
			return ErrUnacceptable.WithMessage(fmt.Sprintf("The field %q is too long.", p.Name)).WithField(p.Name, "is too long")
		}
		read := text.Readable(string(value))
		if unseen(read) {
			return ErrUnacceptable.WithMessage("Text must not be of invisible characters alone.").WithField(p.Name, "has nothing that can be seen")
		}
		return m.fields.set(v.FieldByIndex(f.index), *f, read)
	})
	if err != nil {
		return form, sent, err
	}
	for _, f := range m.fields.parts {
		if f.required && !sent[f.name] {
			return form, sent, ErrMalformed.WithMessage(fmt.Sprintf("The field %q is missing.", f.name)).WithField(f.name, "is missing")
		}
	}
	return form, sent, nil
}

func (b *binding) partOf(name string) *boundField {
	for i := range b.parts {
		if b.parts[i].name == name {
			return &b.parts[i]
		}
	}
	return nil
}
