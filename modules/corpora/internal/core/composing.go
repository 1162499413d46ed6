package core

import (
	"context"
	"errors"

	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// adoptNames composes the names of documents that were stored before names
// were. What a document claims under its name it goes on claiming, unless
// another one claims the same by now.
func (s *Service) adoptNames(ctx context.Context) error {
	for {
		ids, err := s.Store.Uncomposed(ctx, adoptSize)
		if err != nil || len(ids) == 0 {
			return err
		}
		found, err := s.Store.DocumentsByID(ctx, ids)
		if err != nil {
			return err
		}
		for _, d := range found {
			if composed(d) == d.names() {
				continue
			}
			if err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return s.compose(ctx, d) }); err != nil {
				return err
			}
		}
		if err := s.Store.Composed(ctx, ids); err != nil {
			return err
		}
	}
}

// names are what a document is called.
type names struct{ name, source, claimed string }

func (d Document) names() names { return names{d.Name, d.Source, d.ClaimedName} }

// composed are the names of a document as they would be stored today. A link is
// kept as it is.
func composed(d Document) names {
	n := names{text.NFC(d.Name), d.Source, d.ClaimedName}
	if d.ContentType != linkType {
		n.source, n.claimed = text.NFC(d.Source), text.NFC(d.ClaimedName)
	}
	return n
}

// compose changes the names of one document, in the unit of ctx.
func (s *Service) compose(ctx context.Context, d Document) error {
	if _, err := s.Store.LockCorpus(ctx, d.CorpusID); err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil // it goes with its corpus
		}
		return err
	}
	d, err := s.reread(ctx, d)
	if err != nil {
		if errors.Is(err, ErrDocumentNotFound) {
			return nil
		}
		return err
	}
	n := composed(d)
	if n.claimed != d.ClaimedName {
		twins, err := s.Store.Twins(ctx, d.CorpusID, d.ID, []string{n.claimed}, nil)
		if err != nil {
			return err
		}
		if len(twins) > 0 {
			n.claimed = ""
		}
	}
	_, err = s.Store.UpdateDocument(ctx, d.ID, func(d *Document) error {
		d.Name, d.Source = n.name, n.source
		if d.ClaimedName != "" { // unless it failed meanwhile
			d.ClaimedName = n.claimed
		}
		return nil
	})
	return err
}
