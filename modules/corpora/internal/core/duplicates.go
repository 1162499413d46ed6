package core

import (
	"context"
	"fmt"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

// claim makes a document the one of its corpus with a name and a content, "" of
// which is none. ErrDuplicate names another one that has one of them, unless the
// document was the one with it before: a copy that somebody allowed beside it
// stands against no other name. A second document that gets past this at the
// same moment is refused by the store.
func (s *Service) claim(ctx context.Context, d *Document, name, content string) error {
	var names, contents []string
	if name != "" && name != d.ClaimedName {
		names = []string{name}
	}
	if content != "" && content != d.ClaimedContent {
		contents = []string{content}
	}
	twins, err := s.Store.Twins(ctx, d.CorpusID, d.ID, names, contents)
	if err != nil {
		return err
	}
	if len(twins) > 0 {
		id := twins[0].DocumentID
		return ErrDuplicate.WithMessage(fmt.Sprintf("Document %d of the corpus has the same name or content; send ?allow_duplicate=true to add it anyway.", id)).
			WithField("source", fmt.Sprintf("is document %d already", id)).At(fmt.Sprintf("/api/document/%d", id))
	}
	d.ClaimedName, d.ClaimedContent = name, content
	return nil
}

// Upload is a document that somebody thinks of adding.
type Upload struct {
	Name   string
	SHA256 string // "" when only the name is known
}

// Duplicate is an upload of which the corpus has a document already.
type Duplicate struct {
	Name string // as it was asked for
	Twin Twin
}

// Duplicates answers those of the uploads that AddDocument would refuse, in
// their order. The content is named rather than the name when both are there.
func (s *Service) Duplicates(ctx context.Context, who actor.Actor, corpusID int64, uploads []Upload) ([]Duplicate, error) {
	if _, err := s.authorize(ctx, who, corpusID, access.View); err != nil {
		return nil, err
	}
	var names, contents []string
	for _, u := range uploads {
		if name := clean(u.Name); name != "" {
			names = append(names, name)
		}
		if u.SHA256 != "" {
			contents = append(contents, u.SHA256)
		}
	}
	twins, err := s.Store.Twins(ctx, corpusID, 0, names, contents)
	if err != nil {
		return nil, err
	}
	type key struct {
		byContent bool
		value     string
	}
	found := make(map[key]Twin, len(twins))
	for _, t := range twins {
		found[key{t.ByContent, t.Value}] = t
	}
	out := []Duplicate{}
	for _, u := range uploads {
		t, there := found[key{true, u.SHA256}]
		if !there {
			t, there = found[key{false, clean(u.Name)}]
		}
		if there {
			out = append(out, Duplicate{Name: u.Name, Twin: t})
		}
	}
	return out, nil
}
