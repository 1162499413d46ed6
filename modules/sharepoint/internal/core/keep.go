package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"parley/modules/corpora"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
)

// mayKeep answers what keeps a file out of the corpus of a link; nil when
// nothing does.
func (r *run) mayKeep(ctx context.Context, i Item, link Item) (problem, err error) {
	if r.MaxBytes > 0 && i.Size > r.MaxBytes {
		return errTooLarge.WithMessage(fmt.Sprintf("The file has %d bytes, more than the %d that this server reads.", i.Size, r.MaxBytes)), nil
	}
	if link.Rights == CorpusRights {
		return nil, nil
	}
	needed, known := r.readers[link.ExternalID]
	if !known {
		if needed, err = r.backend.Readers(ctx, link.ExternalID); err != nil {
			return rightsProblem(err)
		}
		r.readers[link.ExternalID] = needed
	}
	if link.ID == i.ID {
		return nil, nil
	}
	has, err := r.backend.Readers(ctx, i.ExternalID)
	if err != nil {
		return rightsProblem(err)
	}
	for _, who := range needed {
		if !slices.Contains(has, who) && !slices.Contains(has, Everyone) {
			return errNarrower, nil
		}
	}
	return nil, nil
}

func rightsProblem(err error) (problem, trouble error) {
	if errors.Is(err, ErrRightsUnknown) {
		return ErrRightsUnknown, nil
	}
	return nil, err
}

var (
	errTooLarge = apperr.New(apperr.Unprocessable, "sharepoint.too_large", "The file is larger than this server reads.")
	errNarrower = apperr.New(apperr.Conflict, "sharepoint.narrower_rights",
		`Fewer people may see this file than the linked item, so it is not indexed. Link it to a corpus of its own, or give the link "rights": "corpus".`)
)

// keep reads a file and makes a document of it.
func (r *run) keep(ctx context.Context, i Item, link Item) error {
	e, content, err := r.backend.Open(ctx, i.ExternalID)
	if err != nil {
		return err
	}
	defer content.Close()
	limited := io.Reader(content)
	if r.MaxBytes > 0 {
		limited = io.LimitReader(content, r.MaxBytes+1)
	}
	stored, err := r.Corpora.Store(ctx, limited)
	if err != nil {
		return Unavailable("reading a file", err)
	}
	// A commit that failed may have happened all the same: from then on the
	// file may be a document's.
	committing := false
	defer func() {
		if !committing {
			r.Corpora.Discard(ctx, stored)
		}
	}()
	if r.MaxBytes > 0 && stored.Size > r.MaxBytes {
		return errTooLarge
	}
	err = r.locked(ctx, i, func(ctx context.Context, i *Item) error {
		id, err := r.Corpora.Keep(ctx, corpora.KeptDocument{
			OrganizationID: i.OrganizationID, CorpusID: *link.CorpusID, UserID: link.LinkedBy, By: audit.System, DocumentID: i.DocumentID,
			Name: e.Name, UploadFrom: "sharepoint", File: stored,
		})
		if err != nil {
			return err
		}
		now := r.Clock.Now()
		_, err = r.Store.UpdateItem(ctx, i.OrganizationID, i.ID, func(i *Item) error {
			i.DocumentID, i.KeptCorpusID, i.KeptEtag, i.KeptName = id, *link.CorpusID, e.ETag, e.Name
			i.Size, i.SHA256 = stored.Size, stored.SHA256
			i.State, i.LastError, i.LastSyncedOn, i.Handled = Synced, "", &now, i.Revision
			return nil
		})
		committing = err == nil
		return err
	})
	var known *apperr.Error
	if errors.As(err, &known) && known.Kind == apperr.NotFound { // the corpus, and not the file
		return errNoCorpus
	}
	return err
}

var errNoCorpus = apperr.New(apperr.Conflict, "sharepoint.no_corpus", "The corpus of the link no longer exists; link the item to another one.")
