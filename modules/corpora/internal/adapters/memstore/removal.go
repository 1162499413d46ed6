package memstore

import (
	"context"

	"parley/modules/corpora/internal/core"
)

// RemoveDocument implements core.Documents.
func (s *Store) RemoveDocument(ctx context.Context, org, id int64) (core.Document, error) {
	gone, err := s.documents.Delete(ctx, func(d core.Document) bool { return d.ID == id && d.OrganizationID == org })
	if err != nil {
		return core.Document{}, err
	}
	if len(gone) == 0 {
		return core.Document{}, core.ErrDocumentNotFound
	}
	if _, err := s.staged.Delete(ctx, func(p passage) bool { return p.DocumentID == id }); err != nil {
		return core.Document{}, err
	}
	s.Memory.RemoveDocument(id)
	return gone[0], nil
}
