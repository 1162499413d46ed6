package core

import (
	"context"
	"errors"

	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// adoptCorpusNames composes the names of corpora that were stored before names
// were. One whose owner has another corpus of that name by now stays as it is,
// and is reported: a person has to rename it.
func (s *Service) adoptCorpusNames(ctx context.Context) error {
	for after := int64(0); ; {
		found, err := s.Store.OddlyNamed(ctx, after, adoptSize)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, c := range found {
			after = c.ID
			if named := text.Named(c.Name); named == c.Name || named == "" {
				continue
			}
			err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
				_, err := s.Store.UpdateCorpus(ctx, c.OrganizationID, c.ID, func(c *Corpus) error { c.Name = text.Named(c.Name); return nil })
				return err
			})
			switch {
			case errors.Is(err, ErrNameTaken):
				s.Log.WarnContext(ctx, "two corpora of one owner have the same name in two spellings; rename one of them", "corpus", c.ID, "owner", c.OwnerID)
			case err != nil && !errors.Is(err, ErrNotFound):
				return err
			}
		}
	}
}
