package core

import (
	"context"
	"strings"

	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// CorpusSettings are what a new corpus may be given and an existing one may
// change; nil means the default, or leaves a field as it is.
type CorpusSettings struct {
	Description    *string
	IndexingModeID *int
	Tags           *[]string
}

func (s CorpusSettings) apply(c *Corpus) {
	if s.Description != nil {
		c.Description = *s.Description
	}
	if s.IndexingModeID != nil {
		c.IndexingModeID = *s.IndexingModeID
	}
	if s.Tags != nil {
		c.Tags = tidy(*s.Tags)
	}
}

// CorpusChange is what a request changes; nil leaves a field as it is.
type CorpusChange struct {
	Name     *string
	IsPublic *bool // for admins alone
	CorpusSettings
}

// UpdateCorpus changes a corpus that the caller may edit. Only its admins
// decide whether it is public.
func (s *Service) UpdateCorpus(ctx context.Context, who actor.Actor, id int64, n CorpusChange) (Counted, error) {
	if n.Name != nil && strings.TrimSpace(*n.Name) == "" {
		return Counted{}, ErrBlankName
	}
	var out Counted
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		before, err := s.authorize(ctx, who, id, access.Edit)
		if err != nil {
			return err
		}
		if n.IsPublic != nil {
			if _, err := s.administer(ctx, who, id, access.Manage); err != nil {
				return err
			}
		}
		changed := false
		out.Corpus, err = s.Store.UpdateCorpus(ctx, who.OrganizationID, id, func(c *Corpus) error {
			touch := audit.Watch(c)
			n.apply(c)
			changed = touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		if changed {
			tx.Publish(corpora.CorpusUpdated{CorpusID: id, OrganizationID: out.OrganizationID, IsPublic: out.IsPublic, Narrowed: before.IsPublic && !out.IsPublic})
		}
		counts, err := s.Store.CountDocuments(ctx, []int64{id})
		out.Documents = counts[id]
		return err
	})
	return out, err
}

func (n CorpusChange) apply(c *Corpus) {
	if n.Name != nil {
		c.Name = text.Named(*n.Name)
	}
	if n.IsPublic != nil {
		c.IsPublic = *n.IsPublic
	}
	n.CorpusSettings.apply(c)
}
